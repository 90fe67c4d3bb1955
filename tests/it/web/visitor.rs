//! Somebody with a browser that runs no scripts: keeps cookies, follows what it is told to, sends the forms
//! that pages have.

use super::{Page, send};
use crate::harness::{http, ostia::Ostia};
use reqwest::{Client, Method, RequestBuilder};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

pub(crate) struct Visitor {
    base: String,
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Visitor {
    /// Of the dashboard at this address, without a cookie.
    pub(crate) fn of(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            client: http::client(),
            cookies: Mutex::default(),
        }
    }

    /// Signed in with a login link for this user.
    pub(crate) async fn signed_in(ostia: &Ostia, user: &str) -> Self {
        let link = ostia.cli(&["login-link", user]).await.ok().json();
        let link = link["login_url"].as_str().expect("a link").to_owned();
        let visitor = Self::of(&ostia.web_url);
        visitor.follow_login_link(&link).await;
        visitor
    }

    pub(crate) async fn follow_login_link(&self, link: &str) {
        let answer = self.send(self.request(Method::POST, link)).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(answer.header("location"), "/");
    }

    /// The same browser, copied with its cookies: what a thief of the cookie has.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::of(&self.base);
        *copy.cookies.lock().unwrap_or_else(PoisonError::into_inner) = self.cookies();
        copy
    }

    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        let cookies = self.cookies.lock();
        cookies.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The value of the session's cookie, whatever its name; empty without one.
    pub(crate) fn session(&self) -> String {
        self.cookies().into_values().next().unwrap_or_default()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        let cookies = self.cookies.lock();
        let mut cookies = cookies.unwrap_or_else(PoisonError::into_inner);
        cookies.insert(name.to_owned(), value.to_owned());
    }

    /// One page, redirects not followed. `path` may be a whole address.
    pub(crate) async fn open(&self, path: &str) -> Page {
        self.send(self.request(Method::GET, path)).await
    }

    /// Whether this browser is signed in.
    pub(crate) async fn is_signed_in(&self) -> bool {
        self.open("/").await.body.contains("Sign out")
    }

    /// The token that forms carry on this page.
    pub(crate) async fn csrf(&self) -> String {
        let page = self.open("/").await;
        let (_, rest) = page
            .body
            .split_once(r#"name="csrf" value=""#)
            .unwrap_or_else(|| panic!("no form on {}", page.body));
        rest.split('"').next().expect("a value").to_owned()
    }

    /// Sends a form with the token of the session.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf().await;
        let fields = [fields, &[("csrf", csrf.as_str())]].concat();
        self.submit_as_is(path, &fields).await
    }

    /// Sends a form with these fields and no others.
    pub(crate) async fn submit_as_is(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.form(path, fields).header("origin", &self.base);
        self.send(request).await
    }

    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        self.request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http://") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let cookies: Vec<_> = self
            .cookies()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.client.request(method, url);
        if cookies.is_empty() {
            return request;
        }
        request.header("cookie", cookies.join("; "))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Page {
        let page = send(request).await;
        let cookies = self.cookies.lock();
        let mut cookies = cookies.unwrap_or_else(PoisonError::into_inner);
        for cookie in page.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("ASCII");
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a name and a value");
            if attributes.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        drop(cookies);
        page
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
