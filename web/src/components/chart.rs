//! Charts as SVG, drawn here, with titles and with a table of the same values.

use super::{
    number,
    table::{Cell, Table},
};
use leptos::prelude::*;

/// What happened in one bucket of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    /// As people read it: `21 Nov`.
    pub(crate) label: String,
    pub(crate) calls: u64,
    /// Of them, those that were refused or failed.
    pub(crate) errors: u64,
}

impl Bar {
    fn sum(bars: &[Self], label: &str) -> Self {
        Self {
            label: label.to_owned(),
            calls: bars.iter().map(|bar| bar.calls).sum(),
            errors: bars.iter().map(|bar| bar.errors).sum(),
        }
    }

    fn said(&self) -> String {
        let calls = number::counted(self.calls, "call", "calls");
        match self.errors {
            0 => calls,
            errors => format!("{calls}, {} refused or failed", number::count(errors)),
        }
    }
}

/// In tenths of a unit of the drawing, so that everything is a whole number.
const TENTH: u64 = 10;
const WIDTH: u64 = 720 * TENTH;
const HEIGHT: u64 = 200 * TENTH;
const LEFT: u64 = 52 * TENTH;
const TOP: u64 = 10 * TENTH;
const FOOT: u64 = HEIGHT - 26 * TENTH;
const SPARK_WIDTH: u64 = 120 * TENTH;
const SPARK_HEIGHT: u64 = 28 * TENTH;

/// A length in tenths as attributes have it.
fn drawn(tenths: u64) -> String {
    format!("{}.{}", tenths / TENTH, tenths % TENTH)
}

/// How long a value is where `top` is `room` long.
fn scaled(value: u64, top: u64, room: u64) -> u64 {
    let length = u128::from(value) * u128::from(room) / u128::from(top.max(1));
    u64::try_from(length).unwrap_or(room)
}

/// Bars by time, errors in another colour at the foot of each.
#[component]
pub(crate) fn Bars(
    /// Unique on the page.
    id: &'static str,
    #[prop(into)] title: String,
    /// What one bar is of.
    #[prop(default = "Day")]
    each: &'static str,
    bars: Vec<Bar>,
) -> impl IntoView {
    let sum = Bar::sum(&bars, &title);
    let said = format!("{}. The values are in the table below.", sum.said());
    let caption = title.clone();
    view! {
        <div class="stack tight">
            <svg
                class="chart"
                viewBox=format!("0 0 {} {}", WIDTH / TENTH, HEIGHT / TENTH)
                preserveAspectRatio="xMinYMid meet"
                role="img"
                aria-labelledby=format!("{id}-title {id}-said")
            >
                <title id=format!("{id}-title")>{title}</title>
                <desc id=format!("{id}-said")>{said}</desc>
                <Columns of=bars.clone()/>
            </svg>
            <div class="key">
                <span>"Calls"</span>
                <span class="bad">"Refused or failed"</span>
            </div>
            <details class="more">
                <summary>"Values as a table"</summary>
                <div class="inside"><Values of=bars caption=caption each=each/></div>
            </details>
        </div>
    }
}

#[component]
fn Columns(of: Vec<Bar>) -> impl IntoView {
    let top = nice(of.iter().map(|bar| bar.calls).max().unwrap_or(0));
    let room = FOOT - TOP;
    let count = of.len().max(1) as u64;
    let step = (WIDTH - LEFT) / count;
    let rules = [0, top / 2, top].map(|value| {
        let y = FOOT - scaled(value, top, room);
        view! {
            <g>
                <line class="rule" x1=drawn(LEFT) x2=drawn(WIDTH) y1=drawn(y) y2=drawn(y)></line>
                <text x=drawn(LEFT - 8 * TENTH) y=drawn(y + 4 * TENTH) text-anchor="end">
                    {number::count(value)}
                </text>
            </g>
        }
    });
    // As many names as there is room for.
    let every = count.div_ceil(8).max(1);
    let columns = (0_u64..).zip(of).map(|(at, bar)| {
        let x = LEFT + step * at;
        let (left, width) = (drawn(x + step * 15 / 100), drawn(step * 7 / 10));
        let (whole, bad) = (scaled(bar.calls, top, room), scaled(bar.errors, top, room));
        let hover = format!("{}: {}", bar.label, bar.said());
        let name = (at % every == 0).then(|| {
            let middle = drawn(x + step / 2);
            let second = (at / every % 2 == 1).then_some("second");
            view! {
                <text x=middle y=drawn(HEIGHT - 8 * TENTH) text-anchor="middle" class=second>
                    {bar.label}
                </text>
            }
        });
        view! {
            <g>
                <title>{hover}</title>
                <rect class="hit" x=drawn(x) y=drawn(TOP) width=drawn(step) height=drawn(room)></rect>
                <rect
                    class="bar"
                    x=left.clone()
                    y=drawn(FOOT - whole)
                    width=width.clone()
                    height=drawn(whole.saturating_sub(bad))
                ></rect>
                <rect class="bad" x=left y=drawn(FOOT - bad) width=width height=drawn(bad)></rect>
                {name}
            </g>
        }
    });
    view! {
        {rules.into_iter().collect_view()}
        {columns.collect_view()}
    }
}

#[component]
fn Values(of: Vec<Bar>, caption: String, each: &'static str) -> impl IntoView {
    let rows = of.into_iter().map(|bar| {
        view! {
            <tr>
                <th scope="row">{bar.label}</th>
                <Cell label="Calls" number=true>{number::count(bar.calls)}</Cell>
                <Cell label="Refused or failed" number=true>{number::count(bar.errors)}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Table
            caption=caption
            quiet=true
            dense=true
            columns=vec![each, "#Calls", "#Refused or failed"]
        >
            {rows}
        </Table>
    }
}

/// The course of some hours in the size of a word.
#[component]
pub(crate) fn Spark(title: &'static str, bars: Vec<Bar>) -> impl IntoView {
    let sum = Bar::sum(&bars, title);
    let said = format!("{title}: {}", sum.said());
    let top = bars.iter().map(|bar| bar.calls).max().unwrap_or(0);
    let step = SPARK_WIDTH / bars.len().max(1) as u64;
    let room = SPARK_HEIGHT - 2 * TENTH;
    let columns = (0_u64..).zip(bars).map(|(at, bar)| {
        let (x, width) = (drawn(step * at + step / 10), drawn(step * 8 / 10));
        // Something is never nothing, and nothing still has its place.
        let whole = scaled(bar.calls, top, room).max(2 * TENTH);
        let bad = scaled(bar.errors, top, room);
        let class = if bar.calls == 0 { "none" } else { "bar" };
        view! {
            <rect
                class=class
                x=x.clone()
                y=drawn(SPARK_HEIGHT - whole)
                width=width.clone()
                height=drawn(whole)
            ></rect>
            <rect class="bad" x=x y=drawn(SPARK_HEIGHT - bad) width=width height=drawn(bad)></rect>
        }
    });
    view! {
        <svg
            class="spark"
            viewBox=format!("0 0 {} {}", SPARK_WIDTH / TENTH, SPARK_HEIGHT / TENTH)
            preserveAspectRatio="none"
            role="img"
            aria-label=said
        >
            {columns.collect_view()}
        </svg>
    }
}

/// The least even number of one digit and noughts that is not below.
fn nice(most: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        for step in [2, 4, 6, 8, 10] {
            let top = unit.saturating_mul(step);
            if top >= most {
                return top;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_above_the_highest_bar() {
        assert_eq!(nice(0), 2);
        assert_eq!(nice(7), 8);
        assert_eq!(nice(11), 20);
        assert_eq!(nice(4_001), 6_000);
        assert!(nice(u64::MAX) == u64::MAX);
    }
}
