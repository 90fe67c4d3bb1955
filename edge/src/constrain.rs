//! Limits of results, as policy sets them, and what results say about limits.

use crate::{
    error::Error,
    mcp::{
        envelope::{is_object, member, span},
        splice::{Edit, insert_members, splice},
    },
    pool::pending::Answer,
};
use chrono::SecondsFormat;
use ostia_domain::{clock::Timestamp, code::Code, policy::Constraints};
use serde_json::value::RawValue;
use std::{
    num::{NonZeroU32, NonZeroU64},
    ops::Range,
};

/// In `_meta` of a result: what policy left out of it.
const META_LEFT_OUT: &str = "dev.ostia/leftOut";
/// In `_meta` of a result: what is left of the quota.
const META_QUOTA: &str = "dev.ostia/quota";

/// Whether policy limits no result.
pub fn passes_whole(limits: Constraints) -> bool {
    limits.max_results.is_none() && limits.max_result_bytes.is_none()
}

/// The answer as policy lets it pass: whole, or shorter, or not at all. Errors of upstreams pass.
pub fn constrain(limits: Constraints, answer: Answer) -> Result<Answer, Error> {
    if !answer.is_result || passes_whole(limits) {
        return Ok(answer);
    }
    let answer = match limits.max_results {
        Some(most) => shortened(answer, most),
        None => answer,
    };
    match limits.max_result_bytes {
        Some(most) if answer.payload.len() as u64 > most.get() => Err(too_large(&answer, most)),
        _ => Ok(answer),
    }
}

fn too_large(answer: &Answer, most: NonZeroU64) -> Error {
    let bytes = answer.payload.len();
    Error::new(
        Code::ResultTooLarge,
        format!(
            "The result has {bytes} bytes, and the policy of this API key allows {most}. The call was \
             made: ask for less, or for a part."
        ),
    )
    .with("resultBytes", bytes)
    .with("maxResultBytes", most.get())
}

/// Without the items of `content` beyond the first few, and with a word about that.
fn shortened(answer: Answer, most: NonZeroU32) -> Answer {
    let most = usize::try_from(most.get()).unwrap_or(usize::MAX);
    let Some((items, result)) = items(&answer).filter(|(items, _)| items.len() > most) else {
        return answer;
    };
    let place = |raw: &RawValue| span(&answer.line, raw);
    let cut = place(items[most - 1]).end..place(items[items.len() - 1]).end;
    let said = format!(r#""{META_LEFT_OUT}":{}"#, items.len() - most);
    with_meta(&answer, result, &said, Some(cut))
}

/// With a word about what is left of a quota.
pub fn with_quota(answer: Answer, remaining: u64, resets_at: Timestamp) -> Answer {
    let read = serde_json::from_slice::<&RawValue>(answer.payload());
    let Some(result) = read.ok().filter(|_| answer.is_result) else {
        return answer;
    };
    let resets_at = resets_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let said = format!(r#""{META_QUOTA}":{{"remaining":{remaining},"resetsAt":"{resets_at}"}}"#);
    with_meta(&answer, result, &said, None)
}

/// The answer with a member more in `_meta` of its result, and without what is cut out of it.
fn with_meta(answer: &Answer, result: &RawValue, said: &str, cut: Option<Range<usize>>) -> Answer {
    let place = |raw: &RawValue| span(&answer.line, raw);
    let old = member(result, "_meta").filter(|meta| is_object(meta));
    let mut meta = match old {
        Some(_) => said.to_owned().into_bytes(),
        None => format!(r#""_meta":{{{said}}}"#).into_bytes(),
    };
    let insert = insert_members(&mut meta, &answer.line, place(old.unwrap_or(result)));
    let added = insert.with.len();
    let removed = cut.as_ref().map_or(0, ExactSizeIterator::len);
    let mut edits = vec![insert];
    edits.extend(cut.map(|at| Edit { at, with: b"" }));
    let line = splice(&answer.line, &mut edits);
    let moved = |at: usize| {
        if at >= answer.payload.end {
            at + added - removed
        } else {
            at
        }
    };
    Answer {
        id: moved(answer.id.start)..moved(answer.id.end),
        payload: answer.payload.start..moved(answer.payload.end),
        is_result: true,
        line: line.into(),
    }
}

/// What a result has in `content`, and the result: of a call, or of the task that it became.
fn items(answer: &Answer) -> Option<(Vec<&RawValue>, &RawValue)> {
    let told: &RawValue = serde_json::from_slice(answer.payload()).ok()?;
    let result = match member(told, "taskId") {
        Some(_) => member(told, "result")?,
        None => told,
    };
    let content = member(result, "content")?;
    Some((serde_json::from_str(content.get()).ok()?, result))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::envelope::Message;
    use bytes::Bytes;

    fn answer(line: &str) -> Answer {
        let line = Bytes::copy_from_slice(line.as_bytes());
        let message = Message::parse(&line).unwrap();
        Answer {
            id: span(&line, message.id.unwrap()),
            payload: span(&line, message.result.unwrap()),
            is_result: true,
            line: line.clone(),
        }
    }

    fn to(most: u32) -> Constraints {
        Constraints {
            max_results: NonZeroU32::new(most),
            ..Constraints::default()
        }
    }

    #[test]
    fn what_is_beyond_is_cut_and_that_is_said() {
        for (before, after) in [
            (
                r#"{"id":7,"result":{"content":[1 , 2,3 ],"x":1.0}}"#,
                r#"{"id":7,"result":{"_meta":{"dev.ostia/leftOut":2},"content":[1 ],"x":1.0}}"#,
            ),
            (
                r#"{"result":{"content":[1,2],"_meta":{"a":1}},"id":7}"#,
                r#"{"result":{"content":[1],"_meta":{"dev.ostia/leftOut":1,"a":1}},"id":7}"#,
            ),
            (
                r#"{"id":7,"result":{"taskId":"a","result":{"content":[1,2]}}}"#,
                r#"{"id":7,"result":{"taskId":"a","result":{"_meta":{"dev.ostia/leftOut":1},"content":[1]}}}"#,
            ),
            (
                r#"{"result":{"_meta":{},"content":[1,2]},"id":7}"#,
                r#"{"result":{"_meta":{"dev.ostia/leftOut":1},"content":[1]},"id":7}"#,
            ),
        ] {
            let cut = constrain(to(1), answer(before)).unwrap();
            assert_eq!(str::from_utf8(&cut.line).unwrap(), after);
            let again = answer(after);
            assert_eq!((cut.id, cut.payload), (again.id, again.payload));
        }
    }

    #[test]
    fn what_is_within_stays_as_it_is() {
        for line in [
            r#"{"id":7,"result":{"content":[1,2]}}"#,
            r#"{"id":7,"result":{"contents":[1,2,3]}}"#,
            r#"{"id":7,"result":{"content":"x"}}"#,
        ] {
            let kept = constrain(to(2), answer(line)).unwrap();
            assert_eq!(kept.line, line.as_bytes());
        }
    }

    #[test]
    fn a_result_is_measured_after_it_was_cut() {
        let limits = |bytes| Constraints {
            max_result_bytes: NonZeroU64::new(bytes),
            ..to(1)
        };
        let line =
            r#"{"id":7,"result":{"content":["aaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbbbb"]}}"#;
        let size = constrain(to(1), answer(line)).unwrap().payload.len() as u64;
        assert!(constrain(limits(size), answer(line)).is_ok());
        let refused = constrain(limits(size - 1), answer(line)).unwrap_err();
        assert_eq!(refused.code, Code::ResultTooLarge);
    }
}
