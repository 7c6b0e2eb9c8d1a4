//! The arguments. Secrets are not among them: those come from the environment.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use accredit::Secret;
use clap::{Parser as _, error::ErrorKind};

/// The arguments were not understood.
pub(crate) const MISUNDERSTOOD: u8 = 2;

/// The toolkit for selling private securities online.
#[derive(Debug, clap::Parser)]
#[command(name = "accredit", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Take one investment and one accreditation through both services, against a sandbox inside this process.
    ///
    /// Everything is real but the vendors: sockets, SQLite, signed webhooks, the PDF. Set ACCREDIT_PASSWORD to log in with
    /// another password than the sandbox's and see what a refusal looks like.
    Demo(Demo),
    /// Emulate both services on this machine until SIGINT (Ctrl-C) or SIGTERM.
    ///
    /// Prints one line of JSON when it is ready: where the services are and what logs in. These credentials are fixed and
    /// public; never give a sandbox real data. Set ACCREDIT_CONTROL_TOKEN to have the controls under /_sandbox/ want that
    /// token as `Authorization: Bearer`; with --allow-remote they want a random one unless it is set.
    Sandbox(Sandbox),
}

/// Options of the demo.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Print each step as a line of JSON.
    #[arg(long)]
    pub(crate) json: bool,

    /// Where to save the certificate, over what is there; a new file among the temporary ones unless given.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,

    /// Where the demo's sandbox listens: a loopback address, whose port 0 is a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = loopback)]
    pub(crate) listen: SocketAddr,

    /// Call the Third Party API through what listens here, such as a proxy that validates; directly unless given.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    pub(crate) thirdparty_via: Option<SocketAddr>,

    /// Call VerifyInvestor through what listens here; directly unless given.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    pub(crate) verifyinvestor_via: Option<SocketAddr>,

    /// The password to log in with, in the place of the sandbox's own.
    // No flag: it must not reach argv.
    #[arg(skip = secret("ACCREDIT_PASSWORD"))]
    pub(crate) password: Option<Secret>,
}

/// Options of the sandbox.
#[derive(Debug, clap::Args)]
#[command(override_usage = SANDBOX_USAGE)]
pub(crate) struct Sandbox {
    /// The address and port to listen on; port 0 is a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// Keep the state in this SQLite file, which is made when it does not exist; in memory unless given.
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,

    /// The number that ids, tokens and data follow from; an existing file keeps its own.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Start with a past of this many investments; an existing file keeps its own.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) scale: u32,

    /// Answer 500 to what is not in the contract, in a request or in an answer, and say where.
    #[arg(long, conflicts_with = "lenient")]
    pub(crate) strict: bool,

    /// Take what the services take, in the contract or not; so unless --strict is given.
    #[arg(id = "lenient", long)]
    _lenient: bool,

    /// Speak HTTPS, with an authority made for this run; the ready line names the file of its certificate.
    #[arg(long)]
    pub(crate) tls: bool,

    /// Let --listen take an address that other machines reach.
    #[arg(long)]
    pub(crate) allow_remote: bool,

    /// A further host to answer to, a name or an IP address; may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<String>,

    /// The token of the controls.
    // No flag: it must not reach argv.
    #[arg(skip = secret("ACCREDIT_CONTROL_TOKEN"))]
    pub(crate) control_token: Option<Secret>,
}

const SANDBOX_USAGE: &str = "accredit sandbox [--listen ADDRESS] [--data FILE] [--seed N] [--scale N] [--strict|--lenient] [--tls] [--allow-remote] [--host NAME]...";

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something else failed
  2  the arguments were not understood
  3  the service could not be reached or failed
  4  the service refused the credentials
  5  the service refused the request
  6  the service's answer could not be read
  7  a write failed so that it may or may not have taken effect
  8  the data file is not a sandbox's, one of another version, or read-only; it was left as it is";

/// Reads the arguments; what was wrong with them is said in one line on stderr.
pub(crate) fn parse() -> Result<Arguments, ExitCode> {
    let arguments = Arguments::try_parse().map_err(|error| refuse(&error))?;
    if let Command::Sandbox(options) = &arguments.command
        && !options.listen.ip().is_loopback()
        && !options.allow_remote
    {
        eprintln!(
            "error: --listen {} is reached by other machines, which --allow-remote accepts; without it a loopback address, such as 127.0.0.1:8080",
            options.listen
        );
        return Err(ExitCode::from(MISUNDERSTOOD));
    }
    Ok(arguments)
}

fn refuse(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has gone needs no help.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
        }
        _ => eprintln!("{}", one_line(&error.to_string())),
    }
    ExitCode::from(MISUNDERSTOOD)
}

/// Paragraphs as one line, up to the advice to ask for help.
fn one_line(text: &str) -> String {
    let text = text
        .split_once("\n\nFor more information")
        .map_or(text, |(text, _)| text);
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    paragraphs.join("; ").replacen("Usage:", "usage:", 1)
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let text = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse()
        .map_err(|_| "an IP address and a port are wanted, such as 127.0.0.1:8080 or [::1]:0")
}

/// The demo leaves this machine in no case.
fn loopback(text: &str) -> Result<SocketAddr, &'static str> {
    let address = address(text)?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("a loopback address is wanted, such as 127.0.0.1:4010 or [::1]:4010")
    }
}

fn secret(variable: &str) -> Option<Secret> {
    std::env::var(variable).ok().map(Secret::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        let all = ["accredit", "sandbox"].iter().chain(arguments);
        one_line(&Arguments::try_parse_from(all).unwrap_err().to_string())
    }

    #[test]
    fn a_refusal_is_one_line_that_says_what_is_accepted() {
        let line = refusal(&["--prot", "1"]);
        assert!(
            line.starts_with("error: unexpected argument '--prot' found; "),
            "{line}"
        );
        assert!(line.ends_with(&format!("usage: {SANDBOX_USAGE}")), "{line}");
        let line = refusal(&["--listen", "8080"]);
        assert_eq!(
            line,
            "error: invalid value '8080' for '--listen <ADDRESS>': an IP address and a port are wanted, such as 127.0.0.1:8080 or [::1]:0"
        );
        let line = refusal(&["--strict", "--lenient"]);
        assert!(line.contains("cannot be used with"), "{line}");
        for arguments in [
            &["--seed", "-1"][..],
            &["--seed", "x\ny"],
            &["--data"],
            &["x"],
        ] {
            assert_eq!(refusal(arguments).lines().count(), 1, "{arguments:?}");
        }
    }

    #[test]
    fn the_demo_stays_on_this_machine() {
        for option in ["--listen", "--thirdparty-via", "--verifyinvestor-via"] {
            let parse = |address| Arguments::try_parse_from(["accredit", "demo", option, address]);
            assert!(parse("[::1]:4010").is_ok(), "{option}");
            for address in ["192.0.2.1:80", "0.0.0.0:4010", "https://api.issuance.com"] {
                assert!(parse(address).is_err(), "{option} {address}");
            }
        }
    }

    #[test]
    fn this_machine_has_a_name() {
        assert_eq!(
            address("localhost:0"),
            Ok(SocketAddr::from(([127, 0, 0, 1], 0)))
        );
        assert!(address("localhost").is_err());
        assert!(address("example.com:80").is_err());
    }
}
