//! Signing in with a real OpenID provider, by a client that is no browser where refusals are the point, and
//! by a browser where the way is. `./test browser` installs both.

mod chromium;
mod leaving;
mod provider;
mod refusals;
mod sign_in;
