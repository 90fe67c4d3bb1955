//! Settings of the dashboard.

use super::{edge, file::File, oidc};
use crate::{args::WebArgs, cli::span, failure::Failure};
use ostia_web::{
    ProviderConfig,
    config::{DEFAULT_RECHECK, DEFAULT_SESSION_IDLE, DEFAULT_SESSION_MAX},
};
use std::time::Duration;

const YEAR: Duration = Duration::from_secs(31_536_000);

pub(crate) struct WebSettings {
    pub(crate) api_origins: Vec<String>,
    pub(crate) session_idle: Duration,
    pub(crate) session_max: Duration,
    pub(crate) providers: Vec<ProviderConfig>,
    pub(crate) recheck: Duration,
}

pub(super) fn settings(
    flags: &WebArgs,
    api_origins: &[String],
    file: &File,
) -> Result<WebSettings, Failure> {
    let span = |name: &str, flag: &Option<String>, file: &Option<String>, default| {
        let text = flag.as_ref().or(file.as_ref());
        text.map_or(Ok(default), |text| read(name, text))
    };
    Ok(WebSettings {
        api_origins: edge::api_origins(api_origins, &file.web)?,
        session_idle: span(
            "session-idle",
            &flags.session_idle,
            &file.web.session_idle,
            DEFAULT_SESSION_IDLE,
        )?,
        session_max: span(
            "session-max",
            &flags.session_max,
            &file.web.session_max,
            DEFAULT_SESSION_MAX,
        )?,
        providers: oidc::providers(&file.oidc)?,
        recheck: flags
            .oidc_recheck_min
            .or(file.web.oidc_recheck_min)
            .map_or(DEFAULT_RECHECK, |minutes| {
                Duration::from_secs(60 * u64::from(minutes))
            }),
    })
}

fn read(name: &str, text: &str) -> Result<Duration, Failure> {
    let what = format!("--{name} (web.{}) {text:?}", name.replace('-', "_"));
    let span = span::parse(text).map_err(|problem| Failure::usage(format!("{what}: {problem}")))?;
    if span.is_zero() || span > YEAR {
        return Err(Failure::usage(format!("{what} is not between 1s and 365d")));
    }
    Ok(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_file_and_both_over_the_default() {
        let text = |text: &str| Some(text.to_owned());
        let flags = WebArgs {
            session_idle: text("30m"),
            ..WebArgs::default()
        };
        let mut file = File::default();
        file.web.session_idle = text("1h");
        let web = settings(&flags, &[], &file).unwrap();
        assert_eq!(web.session_idle, Duration::from_secs(1_800));
        assert_eq!(web.session_max, DEFAULT_SESSION_MAX);
        for wrong in ["0s", "400d", "soon"] {
            let mut file = File::default();
            file.web.session_max = text(wrong);
            let failure = settings(&WebArgs::default(), &[], &file).err().unwrap();
            assert!(failure.message.contains("web.session_max"), "{failure:?}");
        }
    }
}
