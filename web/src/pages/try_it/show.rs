//! What the console shows.

use super::{
    Listed,
    arguments::{Argument, Kind, RAW},
};
use crate::{
    components::{
        content::{Badge, Empty, Notice, PageHead, Panel, Tone},
        form::{AreaField, Posted, SelectField},
        number,
        shell::{Section, Shell},
        table::encoded,
    },
    console::{Exchange, Failed},
    csrf::CsrfField,
    raw_html::TextArea,
};
use leptos::prelude::*;
use ostia_proto::v1;
use serde_json::{Map, Value};

pub(super) struct Page {
    pub(super) keys: Vec<v1::Key>,
    pub(super) key: String,
    pub(super) tools: Option<Vec<Listed>>,
    pub(super) refused: Option<Result<Exchange, Failed>>,
    pub(super) tool: Option<Listed>,
    pub(super) missing: String,
    pub(super) arguments: Vec<Argument>,
    pub(super) posted: Posted,
    pub(super) outcome: Option<Result<Exchange, Failed>>,
}

#[component]
pub(super) fn TryIt(page: Page) -> impl IntoView {
    let lead = "Calls go through the edge with a key of yours: they count against its limits, and are in \
                usage and audit like any other.";
    if page.keys.is_empty() {
        return view! {
            <Shell title="Try it" section=Section::Try>
                <PageHead title="Try it" lead=lead/>
                <Empty title="First, make a key">
                    <p>"Whatever is called here is called with a key, so that you see what a client of it sees."</p>
                    <a class="button" href="/keys/new">"Make a key"</a>
                </Empty>
            </Shell>
        }
        .into_any();
    }
    let key = page.key.clone();
    let problem = page.posted.problem("key");
    let missing = (!page.missing.is_empty() && page.tools.is_some()).then_some(page.missing);
    let call = page.tool.map(|tool| {
        view! { <Call key=key.clone() tool=tool arguments=page.arguments posted=page.posted/> }
    });
    let nothing = call.is_none();
    view! {
        <Shell title="Try it" section=Section::Try>
            <PageHead title="Try it" lead=lead/>
            <Choose keys=page.keys key=page.key problem=problem/>
            {missing
                .map(|name| {
                    let title = format!("This key may not use {name}, or there is no such tool.");
                    view! { <Notice tone=Tone::Warn title=title/> }
                })}
            {page.refused.map(|refused| view! { <Outcome of=refused/> })}
            {call}
            {page.outcome.map(|outcome| view! { <Outcome of=outcome/> })}
            {page.tools.map(|tools| view! { <List tools=tools key=key open=nothing/> })}
        </Shell>
    }
    .into_any()
}

#[component]
fn Choose(keys: Vec<v1::Key>, key: String, problem: Option<String>) -> impl IntoView {
    let mut posted = Posted::default();
    posted.push("key", key);
    if let Some(problem) = problem {
        posted.refuse("key", problem);
    }
    let options = keys.into_iter().map(|key| (key.id, key.name));
    view! {
        <form method="get" action="/try" class="filters">
            <SelectField posted=posted name="key" label="Key" options=options.collect()/>
            <button type="submit" class="second">"Use it"</button>
        </form>
    }
}

#[component]
fn List(tools: Vec<Listed>, key: String, open: bool) -> impl IntoView {
    let none = tools.is_empty();
    let note = number::counted(tools.len() as u64, "tool", "tools");
    let tools = tools.into_iter().map(|tool| {
        let href = format!("/try?key={}&tool={}", encoded(&key), encoded(&tool.name));
        let first = tool.description.lines().next().unwrap_or_default();
        let short: String = first.chars().take(120).collect();
        view! {
            <li>
                <a href=href><code>{tool.name}</code></a>
                " "
                <span class="quiet">{short}</span>
            </li>
        }
    });
    let tools = tools.collect_view();
    view! {
        <Panel title={if open { "Choose a tool" } else { "Other tools" }} note=note>
            {none.then(|| view! { <p class="quiet">"The edge lists no tool for this key."</p> })}
            <ul class="list">{tools}</ul>
        </Panel>
    }
}

#[component]
fn Call(key: String, tool: Listed, arguments: Vec<Argument>, posted: Posted) -> impl IntoView {
    let raw = !posted.get(RAW).is_empty();
    let fields = arguments.into_iter().enumerate().map(|(at, argument)| {
        view! { <Field id=format!("argument-{at}") argument=argument/> }
    });
    let fields = fields.collect_view();
    let name = tool.name.clone();
    view! {
        <section class="panel">
            <header><h2><code>{tool.name}</code></h2></header>
            {(!tool.description.is_empty()).then(|| view! { <p class="quiet">{tool.description}</p> })}
            <form method="post" action="/try" class="form">
                <CsrfField/>
                <input type="hidden" name="key" value=key/>
                <input type="hidden" name="tool" value=name/>
                {fields}
                <details class="more" open=raw>
                    <summary>"Write the arguments as JSON instead"</summary>
                    <div class="inside">
                        <AreaField
                            posted=posted
                            name=RAW
                            label="Arguments"
                            hint="One object. With anything in here, the fields above are not looked at."
                            rows=6
                        />
                    </div>
                </details>
                <div class="row"><button type="submit">"Call it"</button></div>
            </form>
        </section>
    }
}

#[component]
fn Field(id: String, argument: Argument) -> impl IntoView {
    let field = argument.field();
    let hint = (!argument.description.is_empty()).then(|| format!("{id}-hint"));
    let problem = argument.problem.as_ref().map(|_| format!("{id}-problem"));
    let ids: Vec<_> = hint.iter().chain(&problem).cloned().collect();
    let described = (!ids.is_empty()).then(|| ids.join(" "));
    let invalid = argument.problem.is_some();
    let aria_invalid = invalid.then_some("true");
    let value = argument.value;
    let select = |choices: Vec<String>| {
        let options = std::iter::once(String::new()).chain(choices).map(|choice| {
            let selected = choice == value;
            let said = if choice.is_empty() {
                "left out".to_owned()
            } else {
                choice.clone()
            };
            view! { <option value=choice selected=selected>{said}</option> }
        });
        let options = options.collect_view();
        view! {
            <select
                id=id.clone()
                name=field.clone()
                aria-describedby=described.clone()
                aria-invalid=aria_invalid
            >
                {options}
            </select>
        }
        .into_any()
    };
    let control = match &argument.kind {
        Kind::Boolean => select(vec!["true".to_owned(), "false".to_owned()]),
        Kind::OneOf(choices) => select(choices.iter().map(|(shown, _)| shown.clone()).collect()),
        Kind::Json => view! {
            <TextArea
                id=id.clone()
                name=field.clone()
                value=value.clone()
                rows=3
                described_by=described.clone()
                invalid=invalid
            />
        }
        .into_any(),
        Kind::Text | Kind::Integer | Kind::Number => view! {
            <input
                id=id.clone()
                name=field.clone()
                type="text"
                inputmode={if argument.kind == Kind::Text { "text" } else { "decimal" }}
                value=value.clone()
                autocomplete="off"
                aria-describedby=described.clone()
                aria-invalid=aria_invalid
            />
        }
        .into_any(),
    };
    let kind = match argument.kind {
        Kind::Text => "text",
        Kind::Integer => "whole number",
        Kind::Number => "number",
        Kind::Boolean => "true or false",
        Kind::OneOf(_) => "one of a few",
        Kind::Json => "JSON",
    };
    let required = if argument.required { ", required" } else { "" };
    view! {
        <div class="field">
            <label for=id.clone()>
                {argument.name} " " <span class="hint">{format!("{kind}{required}")}</span>
            </label>
            {hint.map(|id| view! { <span class="hint" id=id>{argument.description}</span> })}
            {control}
            {argument
                .problem
                .map(|said| {
                    view! { <span class="problem" id=format!("{id}-problem")>{said}</span> }
                })}
        </div>
    }
}

#[component]
fn Outcome(of: Result<Exchange, Failed>) -> impl IntoView {
    let exchange = match of {
        Ok(exchange) => exchange,
        Err(Failed::Unreachable) => {
            return view! {
                <Notice tone=Tone::Bad title="The edge cannot be reached from here.">
                    "Clients may still reach it. An operator gives this role its address with "
                    <code>"--mcp-url"</code> "."
                </Notice>
            }
            .into_any();
        }
        Err(Failed::TooLong) => {
            let title = "There was no answer for a minute, and the call was given up.";
            return view! { <Notice tone=Tone::Bad title=title/> }.into_any();
        }
    };
    let took = u64::try_from(exchange.took.as_micros()).unwrap_or(u64::MAX);
    let note = format!("Took {}", number::duration(took));
    let result = exchange
        .message
        .map(|message| view! { <Message of=message/> });
    view! {
        <Panel title="What came back" note=note>
            {result}
            <details class="more">
                <summary>"The raw exchange"</summary>
                <div class="inside">
                    <h3>"Sent"</h3>
                    <pre tabindex="0" role="group" aria-label="What was sent"><code>{exchange.request}</code></pre>
                    <h3>"Received"</h3>
                    {exchange.cut.then(|| view! { <p class="quiet">"It is longer; this is its beginning."</p> })}
                    <pre tabindex="0" role="group" aria-label="What was received">
                        <code>{exchange.response}</code>
                    </pre>
                </div>
            </details>
        </Panel>
    }
    .into_any()
}

/// A result or an error, in the words of the protocol.
#[component]
fn Message(of: Map<String, Value>) -> impl IntoView {
    if let Some(error) = of.get("error") {
        let said = error["message"]
            .as_str()
            .unwrap_or("an error without a message")
            .to_owned();
        let code = error["data"]["code"].as_str().map(str::to_owned);
        return view! {
            <div class="row"><Badge tone=Tone::Bad text="Refused"/></div>
            <p>{said}</p>
            {code.map(|code| view! { <p class="quiet">"Error code: " <code>{code}</code></p> })}
        }
        .into_any();
    }
    let result = of.get("result").cloned().unwrap_or_default();
    let failed = result["isError"].as_bool().unwrap_or_default();
    let (tone, said) = if failed {
        (Tone::Warn, "The tool says it failed")
    } else {
        (Tone::Good, "Answered")
    };
    let items = result["content"].as_array().cloned().unwrap_or_default();
    let items = items.into_iter().map(|item| {
        let text = item["text"].as_str().map(str::to_owned);
        // Images and such: what they are, and not their bytes.
        text.unwrap_or_else(|| {
            let of = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            format!("({} {})", of("type"), of("mimeType"))
        })
    });
    let items = items.map(|text| view! { <pre tabindex="0"><code>{text}</code></pre> });
    let structured = result
        .get("structuredContent")
        .map(|value| format!("{value:#}"));
    view! {
        <div class="row"><Badge tone=tone text=said/></div>
        {items.collect_view()}
        {structured
            .map(|text| {
                view! {
                    <h3>"Structured"</h3>
                    <pre tabindex="0"><code>{text}</code></pre>
                }
            })}
    }
    .into_any()
}
