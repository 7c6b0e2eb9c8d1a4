//! The `accredit` command line. Data goes to stdout, messages to stderr, and the exit code says what went wrong.

mod args;
mod demo;
mod exit;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // One thread serves a command line; the sandbox of the demo runs on it too.
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&error),
    };
    match arguments.command {
        Command::Demo(options) => match runtime.block_on(demo::run(&options)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => exit::report(&*failure),
        },
    }
}
