//! The pages.

pub(crate) mod addresses;
mod all_keys;
mod api;
mod audit;
pub(crate) mod away;
mod bundles;
mod forms;
mod home;
mod hostile;
mod keys;
mod lately;
mod live;
mod login;
mod markup;
mod member;
mod operators;
mod output;
mod overview;
mod pages;
mod policies;
mod policy_check;
mod prices;
mod probe;
mod running;
mod sessions;
mod settings;
mod tls;
mod tools;
mod try_it;
mod upstreams;
mod usage;
mod users;
pub(crate) mod visitor;

use crate::harness::http;
use reqwest::{Method, RequestBuilder};

/// A page as the browser gets it.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("ASCII"))
    }
}

async fn open(url: &str) -> Page {
    send(http::client().request(Method::GET, url)).await
}

async fn send(request: RequestBuilder) -> Page {
    let answer = request.send().await.expect("an answer");
    Page {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.text().await.expect("a body"),
    }
}
