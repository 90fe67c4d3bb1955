//! A question before something that cannot be taken back.

use crate::{failure::Failure, printable};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// What every command takes that destroys something.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Confirmation {
    /// Do it without asking, as a program has to
    #[arg(long, short)]
    yes: bool,
}

impl Confirmation {
    /// Whether it was said in advance, so that nothing has to be found out for the question.
    pub(crate) fn given(self) -> bool {
        self.yes
    }

    /// Goes on with `--yes`, or when somebody at a terminal says so. Nobody there is a refusal.
    pub(crate) fn demand(self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            let message = format!("{question} Nobody is there to answer");
            return Err(Failure::usage(message).hint("pass --yes to say so in advance"));
        }
        let _ = write!(io::stderr(), "{} [y/N] ", printable::one_line(question));
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        let answer = answer.trim().to_lowercase();
        if read.is_ok() && ["y", "yes"].contains(&answer.as_str()) {
            return Ok(());
        }
        Err(Failure::new("nothing was changed"))
    }
}
