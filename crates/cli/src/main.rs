//! The `accredit` command line. Data goes to stdout, messages to stderr, and the exit code says what went wrong.

mod args;
mod demo;
mod exit;
mod files;
mod sandbox;

use std::process::ExitCode;

use args::Command;

fn main() -> ExitCode {
    let arguments = match args::parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    // One thread serves a command line; the sandbox runs on it too.
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&error),
    };
    let done = match &arguments.command {
        Command::Demo(options) => runtime.block_on(demo::run(options)),
        Command::Sandbox(options) => runtime.block_on(sandbox::run(options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::report(&*failure),
    }
}
