//! The arguments. Secrets are not among them: those come from the environment.

use std::path::PathBuf;

use accredit::Secret;

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

    /// The password to log in with, in the place of the sandbox's own.
    // No flag: it must not reach argv.
    #[arg(skip = password())]
    pub(crate) password: Option<Secret>,
}

fn password() -> Option<Secret> {
    std::env::var("ACCREDIT_PASSWORD").ok().map(Secret::from)
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something else failed
  2  the arguments were not understood
  3  the service could not be reached or failed
  4  the service refused the credentials
  5  the service refused the request
  6  the service's answer could not be read
  7  a write failed so that it may or may not have taken effect";
