//! The fields of a definition.

use super::form::{ENV, HEADERS, Kind};
use crate::components::{
    form::{AreaField, Choice, Choices, Posted, SecretField, SelectField, TextField},
    rows::{self, RowField, Rows},
};
use leptos::prelude::*;

const NEVER_SHOWN: &str = "Values are never shown again, not even when this form is: where something was \
     wrong with it, they have to be typed once more.";
const KEPT: &str = "A value that is left empty stays as it was, as long as it goes where it went before. \
     Without its name it is taken away.";

const ISOLATIONS: [(&str, &str, &str); 3] = [
    (
        "shared",
        "Everybody",
        "For servers that keep no state of a caller",
    ),
    (
        "key",
        "One key",
        "Callers with different keys never share one",
    ),
    (
        "session",
        "One MCP session",
        "Clients of 2026-07-28 have none, and get what a key gets",
    ),
];
const PROTOCOLS: [(&str, &str); 3] = [
    ("auto", "found out by a probe"),
    ("legacy", "legacy: with a handshake, up to 2025-11-25"),
    ("2026-07-28", "modern: without state, from 2026-07-28"),
];
/// What a credential is called in the form, and what goes with it.
const CREDENTIALS: [(&str, &str, &str); 4] = [
    ("none", "Nothing, or a header of those above", ""),
    ("bearer", "A bearer token", "Only the secret below"),
    (
        "basic",
        "A name and a password",
        "The name and the secret below",
    ),
    (
        "client-credentials",
        "Access tokens by OAuth 2.0 client credentials",
        "All of the fields below; each edge gets tokens for itself",
    ),
];

#[component]
pub(super) fn DefinitionFields(kind: Kind, posted: Posted, changes: bool) -> impl IntoView {
    let way = match kind {
        Kind::Stdio => view! { <CommandFields posted=posted.clone() changes=changes/> }.into_any(),
        Kind::Http | Kind::Sse => {
            view! { <EndpointFields posted=posted.clone() changes=changes/> }.into_any()
        }
    };
    view! {
        {way}
        <LimitFields kind=kind posted=posted/>
    }
}

fn hint(said: &str, changes: bool) -> String {
    let kept = if changes { KEPT } else { "" };
    format!("{said} {NEVER_SHOWN} {kept}").trim().to_owned()
}

#[component]
fn CommandFields(posted: Posted, changes: bool) -> impl IntoView {
    let hint = hint(
        "All that a worker has beside PATH and HOME. A row without anything is left out; to add more, save in between.",
        changes,
    );
    view! {
        <TextField
            posted=posted.clone()
            name="program"
            label="Program"
            hint="That edges start, as often as calls need it; never a shell line."
            placeholder="npx"
            required=true
        />
        <AreaField
            posted=posted.clone()
            name="args"
            label="Arguments"
            hint="One on a line; or all of them as a list in JSON, for those that have lines or spaces at their ends."
        />
        <Rows posted=posted.clone() group=ENV legend="Variables" hint=hint row=variable/>
        <TextField posted=posted name="cwd" label="Working directory" hint="Empty: the edge's own."/>
    }
}

fn variable(posted: Posted, row: usize) -> AnyView {
    pair(posted, ENV, row, "TOKEN")
}

fn header(posted: Posted, row: usize) -> AnyView {
    pair(posted, HEADERS, row, "x-api-key")
}

fn pair(posted: Posted, group: &'static str, row: usize, placeholder: &'static str) -> AnyView {
    let value = rows::name(group, row, "value");
    view! {
        <div class="record">
            <RowField posted=posted group=group row=row member="name" label="Name" placeholder=placeholder/>
            <SecretField name=value label="Value"/>
        </div>
    }
    .into_any()
}

#[component]
fn EndpointFields(posted: Posted, changes: bool) -> impl IntoView {
    let private = posted.get("allow_private_network") == "true";
    let hint = hint(
        "Sent with every request. A row without anything is left out; to add more, save in between.",
        changes,
    );
    view! {
        <TextField
            posted=posted.clone()
            name="url"
            label="Address"
            kind="url"
            placeholder="https://mcp.example.com/mcp"
            required=true
        />
        <Choice
            kind="checkbox"
            name="allow_private_network"
            value="true"
            label="It may lie in a private network"
            hint="Or on the machine of an edge; http:// is accepted too. Addresses where clouds keep their credentials never are."
            checked=private
        />
        <Rows posted=posted.clone() group=HEADERS legend="Headers" hint=hint row=header/>
        <CredentialFields posted=posted changes=changes/>
    }
}

#[component]
fn CredentialFields(posted: Posted, changes: bool) -> impl IntoView {
    let chosen = match posted.get("credential") {
        "" => "none".to_owned(),
        chosen => chosen.to_owned(),
    };
    let choices = CREDENTIALS.map(|(value, label, hint)| {
        let checked = value == chosen;
        view! { <Choice kind="radio" name="credential" value=value label=label hint=hint checked=checked/> }
    });
    let choices = choices.collect_view();
    let authentications = [
        ("basic", "in a header (client_secret_basic)"),
        ("post", "in the body (client_secret_post)"),
    ];
    let authentications = authentications.map(|(value, said)| (value.to_owned(), said.to_owned()));
    let open = chosen == "client-credentials";
    let hint = if changes { KEPT } else { NEVER_SHOWN };
    view! {
        <Choices posted=posted.clone() name="credential" legend="Authorization" hint=hint>
            {choices}
        </Choices>
        <div class="record">
            <TextField posted=posted.clone() name="username" label="Name, or id of the client"/>
            <SecretField name="secret" label="Token, password or secret of the client"/>
        </div>
        <details class="more" open=open>
            <summary>"Where access tokens come from"</summary>
            <div class="inside">
                <TextField posted=posted.clone() name="token_url" label="Address of the token endpoint"/>
                <TextField posted=posted.clone() name="scopes" label="Scopes" hint="With spaces between them."/>
                <TextField posted=posted.clone() name="resource" label="Resource" hint="RFC 8707: an absolute URI."/>
                <TextField posted=posted.clone() name="audience" label="Audience"/>
                <SelectField
                    posted=posted
                    name="authentication"
                    label="The client says who it is"
                    options=authentications.to_vec()
                />
            </div>
        </details>
    }
}

#[component]
fn LimitFields(kind: Kind, posted: Posted) -> impl IntoView {
    let chosen = match posted.get("isolation") {
        "" => "shared".to_owned(),
        chosen => chosen.to_owned(),
    };
    let isolations = ISOLATIONS.map(|(value, label, hint)| {
        let checked = value == chosen;
        view! { <Choice kind="radio" name="isolation" value=value label=label hint=hint checked=checked/> }
    });
    let isolations = isolations.collect_view();
    let protocols = PROTOCOLS.map(|(value, said)| (value.to_owned(), said.to_owned()));
    // HTTP+SSE is older than the other era.
    let protocol = (kind != Kind::Sse).then(|| {
        view! {
            <SelectField
                posted=posted.clone()
                name="protocol"
                label="Speaks"
                options=protocols.to_vec()
            />
        }
    });
    let keeps = posted.get("keep_arguments") == "true";
    let number = |name: &'static str, label: &'static str, otherwise: &'static str| {
        let posted = posted.clone();
        view! { <TextField posted=posted name=name label=label placeholder=otherwise/> }
    };
    view! {
        <Choices posted=posted.clone() name="isolation" legend="A worker or connection is for">
            {isolations}
        </Choices>
        {protocol}
        <fieldset>
            <legend>"Limits on each edge"</legend>
            <span class="hint">"What is left empty has the value that is shown in grey."</span>
            <div class="record">
                {number("max_workers", "Workers at most", "4")}
                {number("min_idle", "Workers kept ready", "1")}
                {number("max_in_flight", "Calls at once in each", "64")}
                {number("max_queue", "Calls that may wait", "256")}
                {number("queue_timeout", "Seconds that a call may wait", "10")}
                {number("idle_timeout", "Seconds that an idle worker stays", "300")}
                {number("call_timeout", "Seconds that a call may take", "300")}
                {number("calls_per_minute", "Calls a minute by everybody", "no limit")}
                {number("tool_calls_per_minute", "Calls a minute of each tool", "no limit")}
            </div>
        </fieldset>
        <Choice
            kind="checkbox"
            name="keep_arguments"
            value="true"
            label="Keep the arguments of calls"
            hint="For auditors alone, without what looks like a secret."
            checked=keeps
        />
    }
}
