//! Who is at a page, proved by the session of their browser.
//!
//! A handler that takes a [`Visitor`] is only reached by somebody who is signed in; one that takes an
//! [`Overseer`], [`Operator`] or [`Administrator`] only by somebody of such a role, and everybody else finds
//! no such page. Control holds every call of [`Visitor::control`] to the role again.

use crate::{
    Site,
    client::Client,
    oidc::recheck::{Outcome, recheck},
    pages::{not_found, problem},
    refusal::Refusal,
    return_to::ReturnTo,
    session::{self, CsrfToken, Session, store::seconds},
};
use axum::{
    extract::{FromRequestParts, MatchedPath, OptionalFromRequestParts},
    response::{IntoResponse as _, Redirect, Response},
};
use chrono::TimeDelta;
use http::{Method, request::Parts};
use ostia_domain::{clock, user};
use ostia_proto::{ControlClient, v1};
use tonic::{Code, Status};
use uuid::Uuid;

/// A session that is in use moves its end at most so often.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// As control says now.
    pub(crate) role: user::Role,
    /// Acts for this user: control allows what the role allows, and audit names the user, and from where and with
    /// which browser they came.
    pub(crate) control: ControlClient,
    /// What forms of this session carry.
    pub(crate) csrf: CsrfToken,
}

impl Visitor {
    /// Sees what belongs to everybody.
    pub(crate) fn oversees(&self) -> bool {
        self.role != user::Role::Member
    }

    /// Changes what belongs to everybody.
    pub(crate) fn operates(&self) -> bool {
        matches!(self.role, user::Role::Operator | user::Role::Administrator)
    }

    /// Reads what others said.
    pub(crate) fn audits(&self) -> bool {
        self.role == user::Role::Auditor
    }

    pub(crate) fn administers(&self) -> bool {
        self.role == user::Role::Administrator
    }

    /// Whether the session is still there, and its user in the same role, for what goes on after the request
    /// that proved it.
    pub(crate) async fn stays(&self, site: &Site, id_hash: &[u8]) -> Result<bool, Status> {
        let session = v1::GetBrowserSessionRequest {
            id_hash: id_hash.to_vec(),
        };
        let user = v1::GetUserRequest {
            user: self.id.to_string(),
        };
        let (mut sessions, mut identity) =
            (site.control.browser_sessions(), self.control.identity());
        let asked = tokio::try_join!(
            sessions.get_browser_session(session),
            identity.get_user(user)
        );
        match asked {
            Ok((_, user)) => Ok(user.into_inner().role().named() == Some(self.role)),
            Err(status) if matches!(status.code(), Code::Unauthenticated | Code::NotFound) => {
                Ok(false)
            }
            Err(status) => Err(status),
        }
    }

    /// `None`: nobody is signed in. The error is a page.
    async fn of(site: &Site, session: &Session, parts: &Parts) -> Result<Option<Self>, Response> {
        let signed_in = session::signed_in(session).await;
        let signed_in = signed_in.map_err(|error| problem::away(&error))?;
        let (Some(signed_in), Some(id)) = (signed_in, session.id()) else {
            return Ok(None);
        };
        match recheck(site, session, id, &signed_in).await {
            Ok(Outcome::Stays) => {}
            Ok(Outcome::Ended) => return Ok(None),
            // Whoever is still signed in at the provider comes back from there without being asked.
            Ok(Outcome::AskAgain { provider }) => {
                return Err(sign_in_at(parts, |to| to.provider_path(&provider)));
            }
            Err(failure) => return Err(failure.page("the provider")),
        }
        let user = signed_in.user;
        let client = Client::of(site, parts);
        let control = client.through(&site.control).on_behalf_of(user);
        let request = v1::GetUserRequest {
            user: user.to_string(),
        };
        let found = match control.identity().get_user(request).await {
            Ok(found) => found.into_inner(),
            // Disabled or removed since a moment ago: control has no such session any more either.
            Err(status) if matches!(status.code(), Code::Unauthenticated | Code::NotFound) => {
                return Ok(None);
            }
            Err(status) => return Err(problem::away(&status)),
        };
        touch(site, session, id, client).await?;
        Ok(Some(Self {
            id: user,
            // A role of a newer control allows nothing here.
            role: found.role().named().unwrap_or(user::Role::Member),
            name: found.name,
            control,
            csrf: CsrfToken::of(id),
        }))
    }
}

/// Moves the end of the session, now that it is used, and says where.
async fn touch(
    site: &Site,
    session: &Session,
    id: tower_sessions::session::Id,
    client: Client,
) -> Result<(), Response> {
    let told = session::told(session).await;
    let told = told.map_err(|error| problem::away(&error))?;
    let idle = TimeDelta::from_std(site.config.session_idle).unwrap_or(TimeDelta::MAX);
    let is_recent = |expires_at| clock::now() + idle - expires_at < TOUCH_EVERY.min(idle / 4);
    if told.is_none_or(|told| told.used && is_recent(told.expires_at)) {
        return Ok(());
    }
    let request = v1::TouchBrowserSessionRequest {
        id_hash: session::id_hash(id),
        idle_seconds: seconds(site.config.session_idle),
        address: client.address.map(|address| address.to_string()),
        agent: client.agent,
    };
    let mut sessions = site.control.browser_sessions();
    match sessions.touch_browser_session(request).await {
        Err(status) if status.code() != Code::NotFound => Err(problem::away(&status)),
        _ => Ok(()),
    }
}

impl OptionalFromRequestParts<Site> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &Site,
    ) -> Result<Option<Self>, Self::Rejection> {
        Self::of(site, &session_of(parts, site).await?, parts).await
    }
}

impl FromRequestParts<Site> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Self::Rejection> {
        let visitor = Self::of(site, &session_of(parts, site).await?, parts).await?;
        visitor.ok_or_else(|| sign_in_at(parts, ReturnTo::sign_in_path))
    }
}

async fn session_of(parts: &mut Parts, site: &Site) -> Result<Session, Response> {
    let session = Session::from_request_parts(parts, site).await;
    session.map_err(axum::response::IntoResponse::into_response)
}

/// A page that was asked for is there after the sign-in; a form that was sent is not sent again unasked.
fn sign_in_at(parts: &Parts, way: impl FnOnce(&ReturnTo) -> String) -> Response {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return problem::sign_in_required();
    }
    let asked = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Redirect::to(&way(&ReturnTo::new(asked))).into_response()
}

/// A visitor who may do something that others may not.
pub(crate) trait Role:
    FromRequestParts<Site, Rejection = Response> + AsRef<Visitor> + Send + 'static
{
    fn is(visitor: &Visitor) -> bool;
}

/// A page is not there for somebody. Where there is one, audit says that they asked for it.
async fn refused(site: &Site, visitor: &Visitor, parts: &Parts) {
    let route = parts.extensions.get::<MatchedPath>();
    let mut refusal = Refusal::of(&parts.method, route.map_or("a page", MatchedPath::as_str));
    refusal.proved(visitor.id, None);
    let control = Client::of(site, parts).through(&site.control);
    refusal
        .tell(&control, ostia_domain::code::Code::Forbidden)
        .await;
}

/// Who may see a page; for everybody else it is not there.
macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $may:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub(crate) struct $name(pub(crate) Visitor);

        impl FromRequestParts<Site> for $name {
            type Rejection = Response;

            async fn from_request_parts(
                parts: &mut Parts,
                site: &Site,
            ) -> Result<Self, Self::Rejection> {
                let visitor =
                    <Visitor as FromRequestParts<Site>>::from_request_parts(parts, site).await?;
                if Self::is(&visitor) {
                    return Ok(Self(visitor));
                }
                refused(site, &visitor, parts).await;
                Err(not_found::of(&visitor))
            }
        }

        impl AsRef<Visitor> for $name {
            fn as_ref(&self) -> &Visitor {
                &self.0
            }
        }

        impl Role for $name {
            fn is(visitor: &Visitor) -> bool {
                visitor.$may()
            }
        }
    )*};
}

roles! {
    /// An auditor, operator or administrator.
    Overseer = oversees,
    /// An operator or administrator.
    Operator = operates,
    Administrator = administers,
    /// An auditor and nobody else: who administers does not read what others said.
    Auditor = audits,
}

impl AsRef<Visitor> for Visitor {
    fn as_ref(&self) -> &Visitor {
        self
    }
}
