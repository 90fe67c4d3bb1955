//! Signing in with a real OpenID provider, by a client that is no browser where refusals are the point, and
//! by a browser where the way is; what people do in the dashboard, and how every page looks, in that browser.
//! `./test browser` installs all of it.

mod chromium;
mod every_page;
mod explorer;
mod inhabited;
mod leaving;
mod provider;
mod refusals;
mod sign_in;
