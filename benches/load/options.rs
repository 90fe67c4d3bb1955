//! What to measure.

use crate::Failure;
use std::{path::PathBuf, str::FromStr, time::Duration};

const HELP: &str = "\
Measures `tools/call` through `ostia run`, and directly at the same servers, over stdio and over HTTP.

Usage: cargo bench --workspace --bench load -- [options]

  --concurrency N[,N...]   calls in flight at once [default: 1,32]
  --seconds S              how long each row is measured [default: 10]
  --payload BYTES          length of the text that goes there and back [default: 100]
  --workers N              workers of the upstream at most [default: 1]
  --database-url URL       for control [default: SQLite in a temporary folder]
  --idle-streams N         measure the memory of N clients that only listen, and nothing else
  --keys N                 measure N keys, each used for the first time and then again, and nothing else
  --revocations N          measure how long N revoked keys still pass, and nothing else
  --changes N              measure N changes among 10,000 keys, 1,000 policies and 5,000 tools, what they do to
                           calls meanwhile, and lists of all tools, and nothing else
  --pages                  measure the pages of the dashboard with 10,000 keys, 1,000 tools and a million calls,
                           and nothing else
  --page TEXT              the same, only of pages with this in their address
  --recording              measure calls with and without their records being written, and nothing else
  --help                   this text";

/// What a gateway does with records, as its argument says it.
pub(crate) const FORGETS: &str = "forgets";

pub(crate) enum Mode {
    Measure(Options),
    /// Be the upstream.
    EchoUpstream {
        tools: usize,
    },
    /// Be the one over HTTP.
    EchoHttpUpstream,
    /// Be a gateway that writes records, or forgets them.
    Forgetful {
        folder: PathBuf,
        database_url: String,
        forgets: bool,
    },
    Help(&'static str),
}

pub(crate) struct Options {
    pub(crate) concurrency: Vec<usize>,
    pub(crate) duration: Duration,
    pub(crate) warm_up: Duration,
    pub(crate) payload: usize,
    pub(crate) workers: u32,
    pub(crate) database_url: Option<String>,
    /// Measure so many clients that only listen, and nothing else.
    pub(crate) idle_streams: Option<u32>,
    /// Measure so many keys, and nothing else.
    pub(crate) keys: Option<usize>,
    /// Measure so many revocations, and nothing else.
    pub(crate) revocations: Option<usize>,
    /// Measure so many changes of policies where there is much of everything, and nothing else.
    pub(crate) changes: Option<usize>,
    /// Measure the pages with this in their address, and nothing else.
    pub(crate) pages: Option<String>,
    /// Measure what recording costs, and nothing else.
    pub(crate) recording: bool,
}

/// How Ostia reaches the server.
#[derive(Clone, Copy)]
pub(crate) enum Transport {
    Stdio,
    Http,
}

impl Transport {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
        }
    }

    /// What the upstream is called.
    pub(crate) fn upstream(self) -> &'static str {
        match self {
            Self::Stdio => "bench",
            Self::Http => "bench-http",
        }
    }
}

/// How the client speaks to Ostia.
#[derive(Clone, Copy)]
pub(crate) enum Era {
    Legacy,
    Modern,
}

impl Era {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "2026-07-28",
        }
    }
}

pub(crate) fn read() -> Result<Mode, Failure> {
    let mut options = Options {
        concurrency: vec![1, 32],
        duration: Duration::from_secs(10),
        warm_up: Duration::from_secs(2),
        payload: 100,
        workers: 1,
        database_url: None,
        idle_streams: None,
        keys: None,
        revocations: None,
        changes: None,
        pages: None,
        recording: false,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || {
            args.next()
                .ok_or_else(|| Failure::from(format!("{arg} needs a value")))
        };
        match arg.as_str() {
            "--echo-upstream" => {
                let tools = args
                    .next()
                    .map_or(Ok(0), |n| number("--echo-upstream", &n))?;
                return Ok(Mode::EchoUpstream { tools });
            }
            "--echo-http-upstream" => return Ok(Mode::EchoHttpUpstream),
            "--gateway" => {
                return Ok(Mode::Forgetful {
                    folder: value()?.into(),
                    database_url: value()?,
                    forgets: value()? == FORGETS,
                });
            }
            "--help" => return Ok(Mode::Help(HELP)),
            // What cargo adds.
            "--bench" => {}
            "--concurrency" => {
                options.concurrency = value()?
                    .split(',')
                    .map(|n| number("--concurrency", n))
                    .collect::<Result<_, _>>()?;
            }
            "--seconds" => options.duration = Duration::from_secs(number("--seconds", &value()?)?),
            "--payload" => options.payload = number("--payload", &value()?)?,
            "--workers" => options.workers = number("--workers", &value()?)?,
            "--idle-streams" => {
                options.idle_streams = Some(number("--idle-streams", &value()?)?);
            }
            "--keys" => options.keys = Some(number("--keys", &value()?)?),
            "--revocations" => options.revocations = Some(number("--revocations", &value()?)?),
            "--changes" => options.changes = Some(number("--changes", &value()?)?),
            "--recording" => options.recording = true,
            "--pages" => options.pages = Some(String::new()),
            "--page" => options.pages = Some(value()?),
            "--database-url" => options.database_url = Some(value()?),
            other => return Err(format!("{other} is unknown; --help says what there is").into()),
        }
    }
    if options.concurrency.contains(&0) || options.duration.is_zero() || options.workers == 0 {
        return Err("0 measures nothing".into());
    }
    Ok(Mode::Measure(options))
}

fn number<N: FromStr>(name: &str, text: &str) -> Result<N, Failure> {
    text.parse()
        .map_err(|_| format!("{name}: {text:?} is not a number").into())
}
