//! Everything that can be read of Ostia: every page, and every GET of REST, with what there is.

use super::{
    Scene,
    canary::{Canary, Said},
};
use crate::{
    harness::{control, http, mcp::Endpoint},
    web::{addresses, visitor::Visitor},
};
use reqwest::Method;
use serde_json::Value;

/// Pages that are no pages of somebody who is signed in: they are opened before that, or lead elsewhere.
const BEFORE: [&str; 4] = [
    "/login",
    "/login/{token}",
    "/login/with/{provider}",
    "/login/with/{provider}/callback",
];
/// They go on for ever, with rows of the page beside them.
const STREAMS: [&str; 2] = ["/live/calls", "/upstreams/{upstream}/output/lines"];
/// What pages show besides.
const QUERIES: [&str; 4] = [
    "/usage?whose=everybody",
    "/usage.csv?whose=everybody",
    "/policies/test?key=agent&tool=leaky.echo",
    "/policies/new?preset=read-only",
];

/// Ids and names of everything, as REST tells them.
struct Known {
    key: String,
    web: String,
}

impl Known {
    async fn get(&self, path: &str) -> (u16, String) {
        let request = http::client().get(format!("{}{path}", self.web));
        let answer = request.bearer_auth(&self.key).send().await;
        let answer = answer.expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a body"),
        )
    }

    async fn json(&self, path: &str) -> Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// What can stand in a path; `{object}` is what the list before it has.
    async fn values(&self, route: &str, part: &str) -> Vec<String> {
        let list = match part {
            "{event}" => "/api/v1/audit-logs?page_size=500",
            "{key}" if route.starts_with("/v1/") => "/v1/keys",
            "{key}" => "/api/v1/keys",
            "{upstream}" => "/api/v1/upstreams",
            "{policy}" => "/api/v1/policies",
            "{user}" => "/api/v1/users",
            "{group}" => "/api/v1/groups",
            "{plan}" => "/api/v1/plans",
            "{bundle}" => "/api/v1/bundles",
            "{price}" => "/api/v1/prices",
            "{object}" => {
                let noun = route.split('/').nth(1).expect("a noun");
                return Box::pin(self.ids(&format!("/api/v1/{noun}"))).await;
            }
            "{version}" => return vec!["1".to_owned()],
            "{code}" => return vec!["key-unknown".to_owned()],
            part => panic!("{route} has {part}: say here where there are some"),
        };
        self.ids(list).await
    }

    async fn ids(&self, list: &str) -> Vec<String> {
        let listed = self.json(list).await;
        let items = listed["items"].as_array().expect("a list").iter();
        let ids = items.map(|item| item["id"].as_str().expect("an id").to_owned());
        let ids: Vec<_> = ids.collect();
        assert!(!ids.is_empty(), "nothing is in {list}");
        ids
    }

    /// The route with each of the values that its parts can have.
    async fn filled(&self, route: &str) -> Vec<String> {
        let mut paths = vec![String::new()];
        for segment in route.split('/').skip(1) {
            let values = if segment.starts_with('{') {
                self.values(route, segment).await
            } else {
                vec![segment.to_owned()]
            };
            let longer = |path: &String| {
                let longer = values.iter().map(|value| format!("{path}/{value}"));
                longer.collect::<Vec<_>>()
            };
            paths = paths.iter().flat_map(longer).collect();
        }
        paths
    }
}

impl Scene {
    /// Every page, with a login link that is used and one that is not, and every GET of REST.
    pub(super) async fn reads(&mut self) {
        let known = Known {
            key: self.administrator().await,
            web: self.ostia.web_url.clone(),
        };
        self.links().await;
        self.pages(&known).await;
        self.rest(&known).await;
        let metrics = Endpoint::anonymous(&self.ostia.admin_url).request(Method::GET);
        let metrics = metrics.path("/metrics").send().await;
        self.said.push(Said::new("/metrics", metrics.body));
    }

    /// The key of a service account that may read everything.
    async fn administrator(&mut self) -> String {
        let key = control::service_key(&self.ostia, "reader", "administrator").await;
        self.canaries
            .push(Canary::new("a key of a service account", &key));
        // What else a path can name; the command line made the others.
        self.ostia.cli(&["plans", "create", "some"]).await.ok();
        key
    }

    async fn links(&mut self) {
        let web = self.ostia.web_url.clone();
        let used = self.ostia.login_link.clone().expect("a link");
        let wrong = format!("{web}/login/{}", self.plant("a wrong login link"));
        self.login_link("a used login link", &used);
        for (method, url) in [
            (Method::GET, &web),
            (Method::GET, &format!("{web}/login")),
            (Method::GET, &format!("{web}/nowhere")),
            (Method::GET, &used),
            (Method::POST, &used),
            (Method::GET, &used),
            (Method::GET, &wrong),
            (Method::POST, &wrong),
        ] {
            self.page(method, url).await;
        }
        let made = self.ostia.cli(&["login-link", "admin"]).await.ok().json();
        let unused = made["login_url"].as_str().expect("a link");
        self.login_link("a login link", unused);
        self.page(Method::GET, unused).await;
    }

    /// A page that is new is opened as well, or fails here.
    async fn pages(&mut self, known: &Known) {
        let admin = Visitor::signed_in(&self.ostia, "admin").await;
        let mut routes = addresses::routes();
        for route in BEFORE.into_iter().chain(STREAMS) {
            assert!(routes.remove(route), "{route} is no page any more");
        }
        let mut opened = 0;
        for route in &routes {
            let before = opened;
            let mut refused = Vec::new();
            for path in known.filled(route).await {
                let page = admin.open(&path).await;
                let headers = format!("{:?}", page.headers);
                self.said
                    .push(Said::new(format!("headers of the page {path}"), headers));
                self.said
                    .push(Said::new(format!("the page {path}"), page.body));
                match page.status {
                    200 => opened += 1,
                    status => refused.push(status),
                }
            }
            // Some keys have ended and are not changed any more; where forms are sent to there is nothing to read.
            let has_none = refused.iter().all(|status| *status == 405);
            assert!(opened > before || has_none, "{route}: {refused:?}");
        }
        assert!(opened > routes.len(), "{opened} of {}", routes.len());
        for path in QUERIES {
            let page = admin.open(path).await;
            assert_eq!(page.status, 200, "{path}");
            self.said
                .push(Said::new(format!("the page {path}"), page.body));
        }
    }

    /// So is what is new in the document.
    async fn rest(&mut self, known: &Known) {
        let document = known.json("/api/openapi.json").await;
        let paths = document["paths"].as_object().expect("paths");
        let gets = paths.iter().filter(|(_, item)| !item["get"].is_null());
        let gets: Vec<_> = gets.map(|(path, _)| path.clone()).collect();
        assert!(gets.len() > 25, "{gets:?}");
        for route in gets {
            for path in known.filled(&route).await {
                let (status, text) = known.get(&path).await;
                // Health says in its status, too, that an upstream has none.
                let unwell = status == 503 && path.ends_with("/health");
                assert!(status == 200 || unwell, "{path}: {status} {text}");
                self.said.push(Said::new(format!("REST {path}"), text));
            }
        }
    }

    fn login_link(&mut self, what: &'static str, link: &str) {
        let token = link.rsplit('/').next().expect("a token");
        self.canaries.push(Canary::new(what, token));
    }

    async fn page(&mut self, method: Method, url: &str) {
        let place = format!("the page {url}");
        let request = http::client().request(method, url);
        let page = request.header("origin", &self.ostia.web_url).send().await;
        let page = page.expect("a page");
        let headers = format!("{:?}", page.headers());
        self.said
            .push(Said::new(format!("headers of {place}"), headers));
        self.said
            .push(Said::new(place, page.bytes().await.expect("a body")));
    }
}
