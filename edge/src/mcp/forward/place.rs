//! What a request is for, as a path of another edge.

use crate::{mcp::http_sse, route::Endpoint};
use reqwest::Url;

/// Where at an edge.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    Endpoint(&'a Endpoint),
    /// What a client of HTTP+SSE says to this stream.
    Messages(&'a str),
}

impl Place<'_> {
    /// At the edge with this address.
    pub fn at(self, mut url: Url) -> Option<Url> {
        match self {
            Place::Endpoint(endpoint) => {
                let mut path = url.path_segments_mut().ok()?;
                path.pop_if_empty().push("mcp");
                let name = endpoint.name();
                if !name.is_empty() {
                    path.push(&name);
                }
            }
            Place::Messages(stream) => {
                let mut path = url.path_segments_mut().ok()?;
                path.pop_if_empty()
                    .extend(http_sse::MESSAGES.split('/').skip(1));
                drop(path);
                url.query_pairs_mut().append_pair(http_sse::STREAM, stream);
            }
        }
        Some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_that_of_the_endpoint() {
        let at = |place: Place<'_>| {
            let url = "http://10.0.0.7:8080".parse().unwrap();
            place.at(url).unwrap().to_string()
        };
        let everything = Place::Endpoint(&Endpoint::Everything);
        assert_eq!(at(everything), "http://10.0.0.7:8080/mcp");
        let one = Endpoint::One("a/../b".to_owned());
        let one = Place::Endpoint(&one);
        assert_eq!(at(one), "http://10.0.0.7:8080/mcp/a%2F..%2Fb");
        let bundle = Endpoint::Bundle("daily".to_owned());
        let bundle = Place::Endpoint(&bundle);
        assert_eq!(at(bundle), "http://10.0.0.7:8080/mcp/@daily");
        let said = at(Place::Messages("a&b"));
        assert_eq!(said, "http://10.0.0.7:8080/messages?stream=a%26b");
    }
}
