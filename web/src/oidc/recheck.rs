//! Asking the provider again while a session lasts, so that somebody who left a group, or the organisation,
//! is noticed within minutes.

use super::{Failure, Person, Provider, Through, flow};
use crate::{
    Site,
    session::{self, Session, SignedIn, store::seconds},
};
use chrono::TimeDelta;
use ostia_domain::clock;
use ostia_proto::v1;
use std::time::Duration;
use tonic::Code;
use tower_sessions::session::Id;

/// A provider may be away for so long before its people are not let in any more.
const GRACE: TimeDelta = TimeDelta::minutes(10);

/// Nobody is sent to the provider and back more often.
const RETURN_EVERY: TimeDelta = TimeDelta::minutes(1);

pub(crate) enum Outcome {
    /// The provider said so just now, or not long ago.
    Stays,
    /// It says no, for good: the session is ended.
    Ended,
    /// It gave nothing to ask it with: whoever is signed in there comes back by themselves.
    AskAgain { provider: String },
}

pub(crate) async fn recheck(
    site: &Site,
    session: &Session,
    id: Id,
    signed_in: &SignedIn,
) -> Result<Outcome, Failure> {
    let Some(through) = &signed_in.through else {
        return Ok(Outcome::Stays);
    };
    // One that is configured no more lets nobody in.
    let Some(provider) = site.providers.named(&through.provider) else {
        return end(site, session, id).await;
    };
    let age = clock::now() - through.verified_at;
    let every = TimeDelta::from_std(site.config.recheck).unwrap_or(TimeDelta::MAX);
    let refresh_token = match due(through.refresh_token.as_deref(), age, every) {
        Due::NotYet => return Ok(Outcome::Stays),
        Due::Return => {
            return Ok(Outcome::AskAgain {
                provider: through.provider.clone(),
            });
        }
        Due::Refresh(token) => token,
    };
    if !claim(site, id, site.config.recheck).await? {
        return late(age, every, "another request asks the provider");
    }
    match ask(site, provider, through, refresh_token).await {
        Ok(through) => {
            let signed_in = SignedIn {
                user: signed_in.user,
                through: Some(through),
            };
            let kept = session::update(session, &signed_in).await;
            kept.map_err(|error| Failure::Unavailable(error.to_string()))?;
            Ok(Outcome::Stays)
        }
        Err(Failure::Unavailable(cause)) => late(age, every, &cause),
        Err(failure) => {
            tracing::info!(
                provider = through.provider,
                ?failure,
                "a browser session ends: the provider does not stand by it"
            );
            end(site, session, id).await
        }
    }
}

/// How the provider is to be asked now.
#[derive(Debug, PartialEq, Eq)]
enum Due<'a> {
    NotYet,
    Refresh(&'a str),
    /// By the browser: there is no token to ask with.
    Return,
}

fn due(refresh_token: Option<&str>, age: TimeDelta, every: TimeDelta) -> Due<'_> {
    match refresh_token {
        Some(token) if age >= every => Due::Refresh(token),
        None if age >= every.max(RETURN_EVERY) => Due::Return,
        _ => Due::NotYet,
    }
}

async fn ask(
    site: &Site,
    provider: &Provider,
    through: &Through,
    refresh_token: &str,
) -> Result<Through, Failure> {
    let verified = provider.refresh(refresh_token).await?;
    if verified.subject != through.subject {
        return Err(provider.invalid(&"the token that was given again is of another subject"));
    }
    let person = Person::of(&provider.config, &verified)?;
    let request = person.request(&provider.config, true);
    match site.control.identity().sign_in(request).await {
        Ok(_) => Ok(flow::through(provider, verified)),
        Err(status) if status.code() == Code::PermissionDenied => Err(Failure::Refused {
            to_people: status.message().to_owned(),
        }),
        Err(status) => Err(Failure::Unavailable(status.to_string())),
    }
}

/// Of several requests at once one asks: a refresh token works once at many providers.
async fn claim(site: &Site, id: Id, every: Duration) -> Result<bool, Failure> {
    let request = v1::ClaimBrowserSessionCheckRequest {
        id_hash: session::id_hash(id),
        after_seconds: seconds(every),
    };
    let mut sessions = site.control.browser_sessions();
    match sessions.claim_browser_session_check(request).await {
        Ok(answer) => Ok(answer.into_inner().claimed),
        Err(status) => Err(Failure::Unavailable(status.to_string())),
    }
}

fn late(age: TimeDelta, every: TimeDelta, cause: &str) -> Result<Outcome, Failure> {
    if age > every + GRACE {
        return Err(Failure::Unavailable(cause.to_owned()));
    }
    tracing::warn!(error = cause, "a browser session goes on unchecked for now");
    Ok(Outcome::Stays)
}

async fn end(site: &Site, session: &Session, id: Id) -> Result<Outcome, Failure> {
    let request = v1::EndBrowserSessionRequest {
        id_hash: session::id_hash(id),
        user_id: None,
    };
    let mut sessions = site.control.browser_sessions();
    let ended = sessions.end_browser_session(request).await;
    ended.map_err(|status| Failure::Unavailable(status.to_string()))?;
    let gone = session.flush().await;
    gone.map_err(|error| Failure::Unavailable(error.to_string()))?;
    Ok(Outcome::Ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_asked_when_its_word_is_old() {
        let minutes = TimeDelta::minutes;
        assert_eq!(due(Some("r"), minutes(4), minutes(5)), Due::NotYet);
        assert_eq!(due(Some("r"), minutes(5), minutes(5)), Due::Refresh("r"));
        assert_eq!(due(Some("r"), minutes(0), minutes(0)), Due::Refresh("r"));
        assert_eq!(due(None, minutes(4), minutes(5)), Due::NotYet);
        assert_eq!(due(None, minutes(5), minutes(5)), Due::Return);
        // Nobody is sent back and forth without end.
        assert_eq!(due(None, minutes(0), minutes(0)), Due::NotYet);
    }

    #[test]
    fn a_provider_that_is_away_is_waited_for_but_not_for_ever() {
        let minutes = TimeDelta::minutes;
        assert!(late(minutes(14), minutes(5), "away").is_ok());
        assert!(late(minutes(16), minutes(5), "away").is_err());
    }
}
