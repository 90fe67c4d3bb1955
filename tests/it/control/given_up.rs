//! Questions that whoever asked gives up: a page whose reader went away, or of which something else failed.

use super::fixture::start;
use futures_util::poll;
use ostia_proto::v1;
use std::pin::pin;
use tokio::task::yield_now;

/// Questions are looked at a little longer each before they are given up, until so many are answered by then.
const ANSWERED: usize = 20;

#[tokio::test]
async fn they_leave_nothing_behind() {
    let control = start().await;
    let request = v1::ListKeysRequest::default;
    let (mut answered, mut looks) = (0, 0);
    while answered < ANSWERED {
        let mut keys = control.client.keys();
        let mut asked = pin!(keys.list_keys(request()));
        for _ in 0..looks {
            if poll!(&mut asked).is_ready() {
                answered += 1;
                break;
            }
            yield_now().await;
        }
        looks += 10;
    }
    // Whatever connections there are, and whatever was on its way on them.
    let all = (0..100).map(|_| {
        let mut keys = control.client.keys();
        async move { keys.list_keys(request()).await.map(drop) }
    });
    for answer in futures_util::future::join_all(all).await {
        answer.expect("an answer");
    }
    control.policy("made afterwards").await;
}
