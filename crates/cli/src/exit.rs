//! Exit codes, and how a failure is told on stderr.

use std::{error::Error as StdError, process::ExitCode};

use accredit::{
    Error, ErrorKind, thirdparty::Problem, transport::TimeoutPhase, transport::http::StatusCode,
    verifyinvestor::error_message,
};

use crate::args;

const OTHER: u8 = 1;
/// Not reached, or reached and broken: either way the same request may do later.
const UNAVAILABLE: u8 = 3;
const UNAUTHORIZED: u8 = 4;
const REFUSED: u8 = 5;
const UNREADABLE: u8 = 6;
/// It may have run: looking comes before repeating.
const UNKNOWN: u8 = 7;
const REFUSED_FILE: u8 = 8;

/// Tells a failure and gives its exit code.
pub(crate) fn report(failure: &(dyn StdError + 'static)) -> ExitCode {
    eprintln!("error: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    if let Some(error) = failure.downcast_ref::<accredit_sandbox::Error>() {
        return ExitCode::from(of_sandbox(error));
    }
    let Some(error) = failure.downcast_ref::<Error>() else {
        return ExitCode::from(OTHER);
    };
    for line in explain(error) {
        eprintln!("  {line}");
    }
    ExitCode::from(code(error))
}

/// What is known beyond the error's own line: whose fault it is when it is the service's, and the service's own words.
fn explain(error: &Error) -> Vec<String> {
    let mut lines = Vec::new();
    if error.kind() == ErrorKind::OutcomeUnknown {
        lines.push("it may have taken effect: look before you repeat it".to_owned());
    }
    match error.reason() {
        ErrorKind::Connect | ErrorKind::Timeout(TimeoutPhase::Connect) => {
            lines.push("the service could not be reached".to_owned());
        }
        ErrorKind::Timeout(_) | ErrorKind::Io => {
            lines.push("the service was reached and gave no whole answer".to_owned());
        }
        ErrorKind::Status
            if error
                .status()
                .is_some_and(|status| status.is_server_error()) =>
        {
            lines.push("the service failed".to_owned());
        }
        _ => {}
    }
    if of_verifyinvestor(error) {
        lines.extend(error_message(error).map(|message| format!("the service says: {message}")));
    } else if let Some(problem) = Problem::of(error) {
        let message = problem.message();
        lines.extend(message.map(|message| format!("the service says: {message}")));
        let fields = problem.fields();
        lines.extend(fields.map(|(field, messages)| format!("{field}: {}", messages.join(" "))));
    }
    lines
}

/// The services word their errors differently, and an error tells its operation only: no resource is of both.
fn of_verifyinvestor(error: &Error) -> bool {
    let resource = error
        .operation()
        .and_then(|operation| operation.split('.').next());
    matches!(
        resource,
        Some("billing" | "invitations" | "root" | "users" | "verification_requests")
    )
}

/// A sandbox that did not start.
fn of_sandbox(error: &accredit_sandbox::Error) -> u8 {
    if error.is_refused_file() {
        REFUSED_FILE
    } else if error.is_invalid() {
        args::MISUNDERSTOOD
    } else {
        OTHER
    }
}

fn code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::OutcomeUnknown => UNKNOWN,
        ErrorKind::Unauthorized => UNAUTHORIZED,
        ErrorKind::Connect | ErrorKind::Timeout(_) | ErrorKind::Io => UNAVAILABLE,
        ErrorKind::Refused => REFUSED,
        ErrorKind::Status
            if error
                .status()
                .is_some_and(|status: StatusCode| status.is_client_error()) =>
        {
            REFUSED
        }
        ErrorKind::Status => UNAVAILABLE,
        ErrorKind::Decode | ErrorKind::TooLarge => UNREADABLE,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use accredit::transport::{
        OperationInfo, Reply, ResponseKind, RetryClass,
        http::{HeaderMap, Method},
    };

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
        assert_eq!(code(&status(StatusCode::BAD_GATEWAY)), UNAVAILABLE);
        assert_eq!(code(&Error::new(ErrorKind::Connect)), UNAVAILABLE);
        assert_eq!(code(&Error::new(ErrorKind::Decode)), UNREADABLE);
        assert_eq!(code(&Error::new(ErrorKind::OutcomeUnknown)), UNKNOWN);
        assert_eq!(code(&Error::new(ErrorKind::Build)), OTHER);
    }

    static PLACE: OperationInfo = OperationInfo::new(
        "investments.create",
        Method::POST,
        "/",
        RetryClass::UnsafeWrite,
        ResponseKind::Json,
    );
    static REQUEST: OperationInfo = OperationInfo::new(
        "verification_requests.create",
        Method::POST,
        "/",
        RetryClass::UnsafeWrite,
        ResponseKind::Json,
    );

    fn answer(status: StatusCode, body: &'static str, info: &'static OperationInfo) -> Error {
        Error::from_reply(Reply::new(status, HeaderMap::new(), body)).with_operation(info)
    }

    #[test]
    fn a_failing_service_is_not_called_unreachable() {
        let failed = answer(StatusCode::BAD_GATEWAY, "<h1>Bad Gateway</h1>", &PLACE);
        assert_eq!(explain(&failed), ["the service failed"]);
        assert_eq!(
            explain(&Error::new(ErrorKind::Connect)),
            ["the service could not be reached"]
        );
        assert_eq!(
            explain(&Error::new(ErrorKind::Timeout(TimeoutPhase::Attempt))),
            ["the service was reached and gave no whole answer"]
        );
    }

    #[test]
    fn each_service_is_quoted_in_its_own_way() {
        let body = r#"{"quantity": ["The minimum investment amount is 1000.00."]}"#;
        let refused = answer(StatusCode::BAD_REQUEST, body, &PLACE);
        assert_eq!(
            explain(&refused),
            ["quantity: The minimum investment amount is 1000.00."]
        );
        let body = r#"{"error": "There is a pending request.",
            "pending_verification_request": {"id": 90, "status": "pending", "investor": {"id": 135}}}"#;
        let refused = answer(StatusCode::UNPROCESSABLE_ENTITY, body, &REQUEST);
        assert_eq!(
            explain(&refused),
            ["the service says: There is a pending request."]
        );
    }
}
