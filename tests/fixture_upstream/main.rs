//! The fixture upstream: an MCP server that does all of the protocol, built on the official Rust SDK, so
//! that what goes through Ostia can be compared with what a server of others says.
//!
//! Its names and answers are those that the conformance suite asks for. It never asks in a form that
//! its client does not speak: a question is an `input_required` result in the modern era and a request
//! of its own in the legacy one, and the same tools ask in both.
//!
//! ```text
//! fixture-upstream stdio                          [--era dual|legacy|modern]
//! fixture-upstream http --listen 127.0.0.1:4000   [--era …]     Streamable HTTP at /mcp
//! fixture-upstream sse  --listen 127.0.0.1:4000                 HTTP+SSE at /sse, always legacy
//! ```

#![allow(
    deprecated,
    reason = "sampling, roots and logging are deprecated in the protocol and still promised by Ostia"
)]

mod arguments;
mod catalogue;
mod conversation;
mod era;
mod listeners;
mod prompts;
mod question;
mod resources;
mod server;
mod tools;
mod transport;

use arguments::Mode;
use server::Fixture;
use std::{error::Error, io::Write as _, process::ExitCode};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "fixture-upstream: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Failure> {
    let (mode, era) = arguments::read(std::env::args().skip(1))?;
    let fixture = Fixture::new(era);
    match mode {
        Mode::Stdio => transport::stdio::serve(fixture).await,
        Mode::Http(listen) => transport::http::serve(fixture, &listen).await,
        Mode::Sse(listen) => transport::sse::serve(fixture, &listen).await,
    }
}
