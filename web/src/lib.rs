//! The web role: what people open in a browser, and REST for programs ([`api`]).
//!
//! A handler loads and decides; a component only renders what it is given ([`render`]). Every page is
//! plain HTML that works without scripts; the few there are come from files of ours and add comfort.
//!
//! To add a page: a file in `pages/`, a line in [`router`]. Its handler takes a [`visitor::Visitor`], or an
//! `Overseer`, `Operator` or `Administrator` where only they may see it, asks `visitor.control`, and answers
//! with [`render::page_of`]. A form has a `CsrfField`, and its handler takes [`csrf::Checked`].

mod address;
mod api;
mod ask;
mod assets;
mod client;
mod components;
pub mod config;
mod console;
mod csrf;
mod csv;
mod edge_client;
mod following;
mod headers;
mod load;
mod oidc;
mod origin;
mod pages;
mod part;
mod raw_html;
mod refusal;
mod render;
mod return_to;
mod saving;
mod seal;
mod session;
mod visitor;

pub use api::{Cost, UsageSummary, UsageSummaryRow};
pub use config::{Config, ProviderConfig};

use axum::{
    Router, middleware,
    routing::{get, post},
};
use following::Seats;
use oidc::Providers;
use ostia_proto::ControlClient;
use session::{cookie, store::Store};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower_http::{CompressionLevel, compression::CompressionLayer};

/// The web role cannot start.
#[derive(Debug, thiserror::Error)]
#[error("there is no HTTP client for calls of tools")]
pub struct Error(#[from] reqwest::Error);

#[derive(Clone)]
struct Site {
    config: Arc<Config>,
    /// Acts for the dashboard itself; a visitor has one of their own.
    control: ControlClient,
    edge: reqwest::Client,
    reports: api::Reports,
    providers: Providers,
    /// Of those who look at what happens.
    seats: Seats,
    /// Ends what would go on for as long as somebody looks.
    stop: CancellationToken,
}

/// All pages and routes, and what they need. It wants to be served with the address of whoever connects.
/// Streams end as soon as `stop` is cancelled; everything else is still answered.
pub fn router(
    config: Config,
    control: &ControlClient,
    stop: CancellationToken,
) -> Result<Router, Error> {
    let control = control.acting_as("service:web");
    let store = Store::new(control.clone(), config.session_idle, config.session_max);
    let sessions = cookie::layer(&config, store);
    let site = Site {
        providers: Providers::new(&config),
        config: Arc::new(config),
        control,
        edge: edge_client::client()?,
        reports: api::Reports::new(),
        seats: Seats::default(),
        stop,
    };
    let api = api::router(&site);
    let pages = Router::new()
        .route("/", get(pages::home::show))
        .route("/login", get(pages::login::show))
        .route(
            "/login/{token}",
            get(pages::login_link::show).post(pages::login_link::redeem),
        )
        .route("/settings", get(pages::settings::show))
        .route("/login/with/{provider}", get(pages::login_with::begin))
        .route(
            "/login/with/{provider}/callback",
            get(pages::login_with::finish),
        )
        .route("/logout", post(pages::logout::sign_out))
        .merge(pages::keys::routes())
        .merge(pages::sessions::routes())
        .merge(pages::usage::routes())
        .merge(pages::live::routes())
        .merge(pages::tools::routes())
        .merge(pages::try_it::routes())
        .merge(pages::upstreams::routes())
        .merge(pages::policies::routes())
        .merge(pages::users::routes())
        .merge(pages::groups::routes())
        .merge(pages::plans::routes())
        .merge(pages::prices::routes())
        .merge(pages::all_keys::routes())
        .merge(pages::bundles::routes())
        .merge(pages::overview::routes())
        .merge(pages::audit::routes())
        .merge(pages::errors::routes())
        .merge(assets::routes())
        .fallback(pages::not_found::show)
        .method_not_allowed_fallback(pages::not_found::not_so)
        .layer(sessions)
        .layer(compression())
        .with_state(site.clone());
    // Outside the sessions: it completes their cookies.
    let harden = middleware::from_fn_with_state(site, headers::harden);
    Ok(pages.merge(api).layer(harden))
}

/// For pages and their files; streams of events stay as they are. Nothing secret is in two pages in the same
/// words ([`session::CsrfToken`]), so that their lengths tell nothing
/// ([ADR 0021](../../docs/adr/0021-pages-are-compressed.md)). The fastest level: a page is there sooner, and is
/// not much larger.
fn compression() -> CompressionLayer {
    CompressionLayer::new().quality(CompressionLevel::Fastest)
}
