//! What this program says: results on stdout, for people or as JSON, and failures on stderr.

use crate::{failure::Failure, printable};
use serde::Serialize;
use std::{
    io::{self, IsTerminal as _, Write as _},
    ops::ControlFlow,
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Prints a result: its serde form with `--json`, else what `human` makes of it.
    pub(crate) fn result<T: Serialize>(
        self,
        value: &T,
        human: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        let text = if self.json {
            serde_json::to_string(value)
                .map_err(|error| Failure::new("cannot write the result").because(&error))?
        } else {
            printable::block(&human(value)).into_owned()
        };
        line(&text)
    }

    pub(crate) fn failure(self, failure: &Failure) {
        let mut text = if self.json {
            failure_json(failure)
        } else {
            failure_text(failure)
        };
        text.push('\n');
        // There is nowhere left to say that this failed.
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// A remark beside the result; programs do not see it.
    pub(crate) fn remark(self, text: &str) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{}", printable::block(text));
        }
    }
}

/// How wide the terminal is that stdout is; unset where it is none.
pub(crate) fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    // One that does not know says 0.
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// One line (or block) on stdout. A reader that went away, as `head` does, is no failure.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    // Whoever writes one line has nothing to stop.
    pour(&format!("{text}\n")).map(|_| ())
}

/// A part of something long on stdout, as it is. Breaks when the reader went away.
pub(crate) fn pour(text: &str) -> Result<ControlFlow<()>, Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(Failure::new("cannot write to stdout").because(&error)),
    }
}

fn failure_text(failure: &Failure) -> String {
    let red = if io::stderr().is_terminal() {
        ("\x1b[31m", "\x1b[0m")
    } else {
        ("", "")
    };
    let mut text = format!("{}error{}: {}", red.0, red.1, within(&failure.message));
    if let Some(hint) = &failure.hint {
        text.push_str("\n  what to do: ");
        text.push_str(&within(hint));
    }
    if let (Some(code), Some(page)) = (failure.code, failure.documentation()) {
        text.push_str("\n  code: ");
        text.push_str(code.as_str());
        text.push_str(", see ");
        text.push_str(&page);
        if !page.starts_with("http") {
            text.push_str(" in Ostia's sources");
        }
    }
    text
}

/// Further lines are indented: they are no lines of ours, whatever they say.
fn within(text: &str) -> String {
    printable::block(text).replace('\n', "\n    ")
}

fn failure_json(failure: &Failure) -> String {
    serde_json::json!({ "error": {
        "message": failure.message,
        "hint": failure.hint,
        "code": failure.code.map(ostia_domain::code::Code::as_str),
        "documentation": failure.documentation(),
        "exit_code": failure.exit as u8,
    }})
    .to_string()
}
