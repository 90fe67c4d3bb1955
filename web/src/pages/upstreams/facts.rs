//! What is known of an upstream, as a list of facts.

use super::{
    era,
    form::given,
    health::{Health, HealthBadge},
    isolation, target, transport,
};
use crate::components::{
    content::{Chips, Panel},
    number,
    time::{As, Time},
};
use leptos::prelude::*;
use ostia_proto::v1::{
    self, http_endpoint::Credential as Presented, upstream_definition::Transport,
};
use serde_json::Value;
use std::time::Duration;

#[component]
pub(super) fn Facts(of: v1::Upstream, health: Health) -> impl IntoView {
    let (transport, target) = (transport(&of), target(&of));
    let (era, isolation) = (era(&of), isolation(&of));
    let definition = of.definition.unwrap_or_default();
    let found = of.catalogue;
    let server = found.as_ref().map(|found| introduced(&found.server_info));
    let offers = found.as_ref().map(offers);
    let listed = found.and_then(|found| found.discovered_at);
    let protocol = match definition.protocol() {
        v1::UpstreamProtocol::Unspecified => format!("{era}, found out by a probe"),
        v1::UpstreamProtocol::Legacy => "legacy, as it was set".to_owned(),
        v1::UpstreamProtocol::UpstreamProtocol20260728 => "modern, as it was set".to_owned(),
    };
    let kept = if definition.keep_arguments {
        "kept for auditors, without what looks like a secret"
    } else {
        "not kept"
    };
    let given = given(&definition);
    let credential = credential(&definition);
    let private = private_network(&definition);
    let limits = limits(&definition);
    view! {
        <Panel title="About">
            <dl class="facts">
                <dt>"State"</dt>
                <dd><HealthBadge of=health/></dd>
                <dt>"Listed"</dt>
                <dd><Time at=listed shown=As::Minute/></dd>
                <dt>"Offers"</dt>
                <dd>{offers.unwrap_or_else(|| "nothing that is known yet".to_owned())}</dd>
                {server
                    .filter(|server| !server.is_empty())
                    .map(|server| view! { <dt>"Introduces itself as"</dt><dd>{server}</dd> })}
                <dt>"Reached over"</dt>
                <dd>{transport} " " <code>{target}</code></dd>
                {private.map(|private| view! { <dt>"Private networks"</dt><dd>{private}</dd> })}
                <dt>"Is given, with values that are never shown"</dt>
                <dd>
                    {if given.is_empty() {
                        "nothing".into_any()
                    } else {
                        view! { <Chips of=given/> }.into_any()
                    }}
                </dd>
                {credential.map(|said| view! { <dt>"Authorization"</dt><dd>{said}</dd> })}
                <dt>"Speaks"</dt>
                <dd>{protocol}</dd>
                <dt>"A worker or connection is for"</dt>
                <dd>{isolation}</dd>
                <dt>"Limits on each edge"</dt>
                <dd>{limits.join(", ")}</dd>
                <dt>"Arguments of calls"</dt>
                <dd>{kept}</dd>
                <dt>"Added"</dt>
                <dd><Time at=of.created_at shown=As::Minute/></dd>
                <dt>"Version of its definition"</dt>
                <dd>{of.version}</dd>
            </dl>
        </Panel>
    }
}

/// Its own name and version, where it has told them.
pub(super) fn introduced(server_info: &str) -> String {
    let info: Value = serde_json::from_str(server_info).unwrap_or_default();
    let told = ["name", "version"].map(|member| info[member].as_str().unwrap_or_default());
    told.join(" ").trim().to_owned()
}

pub(super) fn offers(found: &v1::CatalogueSummary) -> String {
    let counted = [
        number::counted(found.tools.into(), "tool", "tools"),
        number::counted(found.prompts.into(), "prompt", "prompts"),
        number::counted(found.resources.into(), "resource", "resources"),
        number::counted(
            found.resource_templates.into(),
            "resource template",
            "resource templates",
        ),
    ];
    counted.join(", ")
}

fn endpoint(definition: &v1::UpstreamDefinition) -> Option<&v1::HttpEndpoint> {
    match definition.transport.as_ref()? {
        Transport::Http(endpoint) | Transport::Sse(endpoint) => Some(endpoint),
        Transport::Stdio(_) => None,
    }
}

fn private_network(definition: &v1::UpstreamDefinition) -> Option<&'static str> {
    let allowed = endpoint(definition)?.allow_private_network;
    Some(if allowed { "allowed" } else { "refused" })
}

fn credential(definition: &v1::UpstreamDefinition) -> Option<String> {
    Some(match endpoint(definition)?.credential.as_ref()? {
        Presented::Bearer(_) => "a bearer token".to_owned(),
        Presented::Basic(basic) => format!("the name {} and a password", basic.username),
        Presented::ClientCredentials(grant) => format!(
            "access tokens from {}, as the client {}",
            grant.token_url, grant.client_id
        ),
    })
}

fn limits(definition: &v1::UpstreamDefinition) -> Vec<String> {
    let pool = definition.pool.unwrap_or_default();
    let span = |span: Option<prost_types::Duration>| {
        let span = Duration::try_from(span?).ok()?;
        Some(format!("{} s", span.as_secs_f64()))
    };
    let said = [
        pool.max_workers.map(|n| format!("at most {n} workers")),
        pool.min_idle.map(|n| format!("{n} kept ready")),
        pool.max_in_flight
            .map(|n| format!("{n} calls at once in each")),
        pool.max_queue.map(|n| format!("{n} calls may wait")),
        span(pool.queue_timeout).map(|span| format!("each for {span}")),
        span(pool.idle_timeout).map(|span| format!("a worker without calls stays {span}")),
        span(definition.call_timeout).map(|span| format!("a call takes at most {span}")),
        pool.calls_per_minute
            .map(|n| format!("{n} calls a minute by everybody together")),
        pool.tool_calls_per_minute
            .map(|n| format!("{n} calls a minute of each tool")),
    ];
    said.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_upstream_says_of_itself_may_be_anything() {
        for (said, shown) in [
            (r#"{"name":"files","version":"1.2"}"#, "files 1.2"),
            (r#"{"name":"files"}"#, "files"),
            (r#"{"name":{"a":1}}"#, ""),
            ("no JSON", ""),
        ] {
            assert_eq!(introduced(said), shown);
        }
    }
}
