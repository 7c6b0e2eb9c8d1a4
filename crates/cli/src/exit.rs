//! Exit codes, and how a failure is told on stderr.

use std::{error::Error as StdError, process::ExitCode};

use accredit::{Error, ErrorKind, thirdparty::Problem, transport::http::StatusCode};

const OTHER: u8 = 1;
const UNREACHABLE: u8 = 3;
const UNAUTHORIZED: u8 = 4;
const REFUSED: u8 = 5;
const UNREADABLE: u8 = 6;

/// Tells a failure and gives its exit code.
pub(crate) fn report(failure: &(dyn StdError + 'static)) -> ExitCode {
    eprintln!("error: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    let Some(error) = failure.downcast_ref::<Error>() else {
        return ExitCode::from(OTHER);
    };
    if let Some(problem) = Problem::of(error) {
        if let Some(message) = problem.message() {
            eprintln!("  the service says: {message}");
        }
        for (field, messages) in problem.fields() {
            eprintln!("  {field}: {}", messages.join(" "));
        }
    }
    ExitCode::from(code(error))
}

fn code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Unauthorized => UNAUTHORIZED,
        ErrorKind::Connect | ErrorKind::Timeout(_) | ErrorKind::Io => UNREACHABLE,
        ErrorKind::Refused => REFUSED,
        ErrorKind::Status
            if error
                .status()
                .is_some_and(|status: StatusCode| status.is_client_error()) =>
        {
            REFUSED
        }
        ErrorKind::Status => UNREACHABLE,
        ErrorKind::Decode | ErrorKind::TooLarge => UNREADABLE,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use accredit::transport::{Reply, http::HeaderMap};

    use super::*;

    fn status(status: StatusCode) -> Error {
        Error::from_reply(Reply::new(status, HeaderMap::new(), "{}"))
    }

    #[test]
    fn every_kind_of_failure_has_its_code() {
        assert_eq!(code(&status(StatusCode::UNAUTHORIZED)), UNAUTHORIZED);
        assert_eq!(
            code(&status(StatusCode::BAD_REQUEST).into_unauthorized()),
            UNAUTHORIZED
        );
        assert_eq!(code(&status(StatusCode::BAD_REQUEST)), REFUSED);
        assert_eq!(code(&status(StatusCode::BAD_GATEWAY)), UNREACHABLE);
        assert_eq!(code(&Error::new(ErrorKind::Connect)), UNREACHABLE);
        assert_eq!(code(&Error::new(ErrorKind::Decode)), UNREADABLE);
        assert_eq!(code(&Error::new(ErrorKind::Build)), OTHER);
    }
}
