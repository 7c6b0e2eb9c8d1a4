//! `accredit sandbox`: both services on this machine, until a signal ends it.
//!
//! It says when it is ready, in one line of JSON on stdout, and nothing else there.

mod ca_file;
mod ready;

use std::{error::Error as StdError, io};

use crate::args;
use ca_file::CaFile;

type Failure = Box<dyn StdError>;

/// Starts a sandbox and serves until SIGINT or SIGTERM.
pub(crate) async fn run(options: &args::Sandbox) -> Result<(), Failure> {
    let mut sandbox = builder(options).start().await?;
    let ca = sandbox
        .ca_certificate()
        .map(|pem| CaFile::save(options.data.as_deref(), pem))
        .transpose()?;
    // Until here a signal ends the process at once: seeding many investments waits for nothing.
    let signal = end()?;
    ready::print(&sandbox, ca.as_ref())?;
    eprintln!(
        "both services are at {}; Ctrl-C ends them",
        sandbox.base_url()
    );
    tokio::select! {
        () = signal => {}
        () = sandbox.closed() => return Err("the server ended by itself".into()),
    }
    sandbox.stop().await;
    eprintln!("stopped");
    Ok(())
}

fn builder(options: &args::Sandbox) -> accredit_sandbox::Builder {
    let mut builder = accredit_sandbox::Sandbox::builder()
        .listen(options.listen)
        .seed(options.seed)
        .scale(options.scale)
        .strict(options.strict);
    if let Some(file) = &options.data {
        builder = builder.data(file);
    }
    if options.tls {
        builder = builder.tls();
    }
    if options.allow_remote {
        builder = builder.allow_remote();
    }
    if let Some(token) = &options.control_token {
        builder = builder.control_token(token.expose());
    }
    let hosts = options.host.iter();
    hosts.fold(builder, |builder, host| builder.host(host))
}

/// Waits for the signal that asks the process to end.
#[cfg(unix)]
fn end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for the signal that asks the process to end.
#[cfg(windows)]
fn end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        let _ = interrupt.recv().await;
    })
}
