//! Two nodes at work side by side, one step of one of them at a time: from a question to the database to its answer. Whose step
//! is next the seed says, so that it tells how they go past each other.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::chance::Chance;

/// Hears that one of the two has its answer.
#[derive(Default)]
struct Answer {
    came: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Wake for Answer {
    fn wake(self: Arc<Self>) {
        self.came.store(true, Ordering::SeqCst);
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waker) = &*waiting {
            waker.wake_by_ref();
        }
    }
}

impl Answer {
    /// Whether it is there. Whoever asks is woken when it comes.
    fn taken(&self, cx: &Context<'_>) -> bool {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        self.came.swap(false, Ordering::SeqCst)
    }
}

/// Both to their ends.
pub async fn side_by_side<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
    mut turns: Chance,
) -> (A, B) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut first, mut second) = (None, None);
    let answers = [Arc::new(Answer::default()), Arc::new(Answer::default())];
    let wakers = answers.clone().map(Waker::from);
    // Neither has asked anything yet.
    let mut asking: Option<usize> = None;
    std::future::poll_fn(move |cx| {
        loop {
            if let Some(node) = asking
                && !answers[node].taken(cx)
            {
                return Poll::Pending;
            }
            let drawn = turns.place(2);
            let node = match (&first, &second) {
                (Some(_), _) => 1,
                (_, Some(_)) => 0,
                (None, None) => drawn,
            };
            // One that was never asked, or whose answer is here: it goes on until it asks again, or to its end.
            let mut own = Context::from_waker(&wakers[node]);
            let waits = if node == 0 {
                one.as_mut()
                    .poll(&mut own)
                    .map(|done| first = Some(done))
                    .is_pending()
            } else {
                other
                    .as_mut()
                    .poll(&mut own)
                    .map(|done| second = Some(done))
                    .is_pending()
            };
            asking = waits.then_some(node);
            if let (Some(_), Some(_)) = (&first, &second)
                && let (Some(a), Some(b)) = (first.take(), second.take())
            {
                return Poll::Ready((a, b));
            }
        }
    })
    .await
}
