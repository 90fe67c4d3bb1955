//! The processes of this installation, as far as they are known here, and what each runs with.

use crate::components::{
    content::{Badge, Panel, Tone},
    table::{Cell, Pages, Table},
    time::{As, Time},
};
use leptos::prelude::*;
use ostia_domain::settings::{Process, Setting, Source, Value};
use ostia_proto::v1;

/// Processes on one page: each brings some fifty settings.
const SHOWN: usize = 10;

#[derive(Clone)]
struct Known {
    process: Process,
    /// What is known of how it is.
    health: Health,
}

#[derive(Clone, Copy)]
enum Health {
    /// It answered what this page asked.
    Answers,
    /// It made this page.
    Here,
    Heard(Option<prost_types::Timestamp>),
}

#[derive(Clone)]
pub(super) struct Part {
    known: Vec<Known>,
    later: bool,
    next: String,
    /// Of the control that answered, if it said.
    version: Option<String>,
}

impl Part {
    /// What control knows of, and the process that makes this page; `cursor` is how many come before.
    pub(super) fn of(listed: Vec<v1::KnownProcess>, own: &Process, cursor: &str) -> Self {
        let known = listed.into_iter().filter_map(|known| {
            let health = match known.heard_at {
                None => Health::Answers,
                heard => Health::Heard(heard),
            };
            // Of another version, which says what is not understood here.
            let process = Process::try_from(known.process?).ok()?;
            Some(Known { process, health })
        });
        let mut known: Vec<_> = known.collect();
        let version = known.first().map(|known| known.process.version.clone());
        if known.iter().all(|known| known.process.id != own.id) {
            let at = known.len().min(1);
            let here = Known {
                process: own.clone(),
                health: Health::Here,
            };
            known.insert(at, here);
        }
        let before = cursor.parse().unwrap_or(0).min(known.len());
        let mut known = known.split_off(before);
        let more = known.len() > SHOWN;
        known.truncate(SHOWN);
        Self {
            known,
            later: before > 0,
            next: if more {
                (before + SHOWN).to_string()
            } else {
                String::new()
            },
            version,
        }
    }
}

#[component]
pub(super) fn Running(of: Part) -> impl IntoView {
    let Part {
        known,
        later,
        next,
        version,
    } = of;
    let panels = known.into_iter().map(|known| {
        let differs = version
            .as_ref()
            .is_some_and(|v| *v != known.process.version);
        view! { <One known=known differs=differs/> }
    });
    let panels = panels.collect_view();
    view! {
        {panels}
        <Pages list="/settings" later=later next=next/>
    }
}

#[component]
fn One(known: Known, differs: bool) -> impl IntoView {
    let Known { process, health } = known;
    let roles = process.roles.join(", ");
    let title = format!("{} on {}", capital(&roles), process.name);
    let health = match health {
        Health::Answers => view! { <Badge tone=Tone::Good text="Works"/> " It answered this page." }.into_any(),
        Health::Here => view! { <Badge tone=Tone::Good text="Works"/> " It made this page." }.into_any(),
        Health::Heard(at) => {
            view! { <Badge tone=Tone::Good text="Follows control"/> " Heard " <Time at=at shown=As::Second/> }.into_any()
        }
    };
    let started = ostia_proto::convert::timestamp(process.started_at);
    let rows = process
        .settings
        .into_iter()
        .map(|setting| view! { <Row setting=setting/> });
    let rows = rows.collect_view();
    view! {
        <Panel title=title.clone()>
            <dl class="facts">
                <dt>"State"</dt>
                <dd>{health}</dd>
                <dt>"Version"</dt>
                <dd>
                    {process.version} " "
                    {differs.then(|| view! { <Badge tone=Tone::Warn text="other than control's"/> })}
                </dd>
                <dt>"Started"</dt>
                <dd><Time at=Some(started) shown=As::Second/></dd>
            </dl>
            <Table
                caption=format!("Settings of {title}")
                quiet=true
                columns=vec!["Setting", "Value", "Where it comes from"]
            >
                {rows}
            </Table>
        </Panel>
    }
}

#[component]
fn Row(setting: Setting) -> impl IntoView {
    let Setting {
        name,
        value,
        source,
    } = setting;
    let value = match value {
        Value::Text(text) => view! { {text} }.into_any(),
        Value::Secret => view! { <Badge tone=Tone::Plain text="set"/> }.into_any(),
        Value::Unset => view! { <span class="quiet">"not set"</span> }.into_any(),
    };
    let source = match source {
        Source::Default => view! { <span class="quiet">"default"</span> }.into_any(),
        Source::Flag(flag) => view! { "flag " <code>{flag}</code> }.into_any(),
        Source::Variable(name) => view! { "variable " <code>{name}</code> }.into_any(),
        Source::File(path) => view! { "file " <code>{path}</code> }.into_any(),
        Source::Program(program) => view! { "program " <code>{program}</code> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row"><code>{name}</code></th>
            <Cell label="Value">{value}</Cell>
            <Cell label="Where it comes from">{source}</Cell>
        </tr>
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn known(number: u128) -> v1::KnownProcess {
        let process = Process {
            id: Uuid::from_u128(number),
            ..Process::default()
        };
        v1::KnownProcess {
            process: Some(process.into()),
            heard_at: None,
        }
    }

    #[test]
    fn every_process_is_on_one_page_and_this_one_once() {
        let own = Process {
            id: Uuid::from_u128(7),
            ..Process::default()
        };
        for listed in [
            (0..23).map(known).collect::<Vec<_>>(),
            (10..32).map(known).collect(),
        ] {
            let (mut cursor, mut seen) = (String::new(), Vec::new());
            loop {
                let part = Part::of(listed.clone(), &own, &cursor);
                seen.extend(part.known.into_iter().map(|known| known.process.id));
                if part.next.is_empty() {
                    break;
                }
                cursor = part.next;
            }
            assert_eq!(seen.len(), 23);
            assert_eq!(seen.iter().filter(|id| **id == own.id).count(), 1);
        }
        assert!(Part::of(Vec::new(), &own, "900").known.is_empty());
    }
}
