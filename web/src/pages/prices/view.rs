//! How prices look: the list, and one to fill in.

use crate::{
    components::{
        content::{Empty, PageHead, Panel},
        form::{Posted, Problems, TextField},
        money::money,
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
        time::{As, Time},
    },
    csrf::CsrfField,
    pages::{Done, objects::One},
    part::Part,
};
use leptos::prelude::*;
use ostia_proto::v1;

#[component]
pub(super) fn List(
    part: Part<v1::Price>,
    may_change: bool,
    done: Option<&'static str>,
) -> impl IntoView {
    let set = may_change.then(|| view! { <a class="button" href="/prices/new">"Set a price"</a> });
    let empty = part.rows.is_empty();
    let rows = part.rows.into_iter().map(|price| {
        let href = format!("/prices/{}", price.id);
        view! {
            <tr>
                <th scope="row"><a class="first" href=href><code>{price.tools}</code></a></th>
                <Cell label="One call" number=true>{money(price.micros, &price.currency)}</Cell>
                <Cell label="Changed"><Time at=price.updated_at shown=As::Distance/></Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Shell title="Prices" section=Section::Prices>
            <PageHead
                title="Prices"
                lead="What calls cost, for Usage and reports. Of several that match a tool, the most exact counts; nothing is refused for its price."
            >
                {set}
            </PageHead>
            {done.map(|what| view! { <Done what=what/> })}
            {if empty {
                view! {
                    <Empty title="There are no prices">
                        <p>"With them, Usage says what calls of tools cost, by user, key, tool and day."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <div class="panel">
                        <Table caption="Prices by their tools" quiet=true columns=vec!["Tools", "#One call", "Changed"]>
                            {rows}
                        </Table>
                        <Pages list="/prices" later=part.later next=part.next/>
                    </div>
                }
                    .into_any()
            }}
        </Shell>
    }
}

#[component]
pub(super) fn Edit(page: One<v1::Price>) -> impl IntoView {
    let (title, action) = page.head("Set a price");
    let removal = page.removal(
        "Remove the price",
        "Calls of these tools cost what a less exact price says, or nothing.",
    );
    let is_new = page.object.is_none();
    let posted = page.posted;
    let body = if page.may_change {
        view! { <Form action=action posted=posted.clone() is_new=is_new/> }.into_any()
    } else {
        let price = page.object.unwrap_or_default();
        let said = money(price.micros, &price.currency);
        view! { <Panel title="One call"><p>{said}</p></Panel> }.into_any()
    };
    view! {
        <Shell title=title.clone() section=Section::Prices>
            <PageHead
                title=title
                lead="Of one call that the tool answered, with success or not. Costs are told at the prices of today."
                back=("/prices", "Prices")
            />
            {page.done.map(|what| view! { <Done what=what/> })}
            <Problems posted=posted/>
            {body}
            {removal}
        </Shell>
    }
}

#[component]
fn Form(action: String, posted: Posted, is_new: bool) -> impl IntoView {
    let of_tools = posted.clone();
    let tools = is_new.then(|| {
        view! {
            <TextField
                posted=of_tools
                name="tools"
                label="Tools"
                hint="A pattern over upstream.tool: github.* are all of one upstream. The price of the same tools is replaced."
                placeholder="github.*"
                required=true
            />
        }
    });
    view! {
        <form method="post" action=action class="form panel">
            <CsrfField/>
            {tools}
            <TextField
                posted=posted.clone()
                name="amount"
                label="One call"
                hint="With at most six places: 0.002"
                required=true
            />
            <TextField posted=posted name="currency" label="Currency" hint="Three letters, as EUR." required=true/>
            <div class="row">
                <button type="submit">"Save"</button>
                <a class="button second" href="/prices">"Cancel"</a>
            </div>
        </form>
    }
}
