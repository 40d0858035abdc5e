//! A time at which a task wakes by itself, once. The runtime's own timers wake it twice for what lies further ahead:
//! first to look closer, then at the time.

use crate::{clock::Clock, domain::time::Mono};
use std::time::Duration;

#[cfg(target_os = "linux")]
pub use self::linux::Alarm;
#[cfg(not(target_os = "linux"))]
pub use self::others::Alarm;

/// Below this the runtime's own timers wake once.
const NEAR: Duration = Duration::from_millis(2);

impl Alarm {
    /// Waits until then.
    pub async fn at(&self, clock: &dyn Clock, at: Mono) {
        let wait = at.as_nanos().saturating_sub(clock.now().mono.as_nanos());
        self.after(Duration::from_nanos(wait)).await;
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{Duration, NEAR};
    use nix::sys::{
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    };
    use std::os::fd::{AsFd as _, AsRawFd, RawFd};
    use tokio::io::unix::AsyncFd;

    #[derive(Debug)]
    struct Bell(TimerFd);

    impl AsRawFd for Bell {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    /// One alarm. Without the system's timer it is the runtime's.
    #[derive(Debug, Default)]
    pub struct Alarm {
        timer: Option<AsyncFd<Bell>>,
    }

    impl Alarm {
        /// Of the runtime that is entered.
        #[expect(
            deprecated,
            reason = "what takes its place needs unsafe code; the timer here owns its descriptor"
        )]
        pub fn new() -> Self {
            let timer =
                TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC);
            Self { timer: timer.ok().and_then(|timer| AsyncFd::new(Bell(timer)).ok()) }
        }

        /// Waits so long.
        pub async fn after(&self, wait: Duration) {
            match &self.timer {
                Some(timer) if wait > NEAR => {
                    let at = Expiration::OneShot(TimeSpec::from_duration(wait));
                    if timer.get_ref().0.set(at, TimerSetTimeFlags::empty()).is_ok() {
                        // Armed anew it is not ready any more; what is left of an earlier time wakes once too often.
                        if let Ok(mut rung) = timer.readable().await {
                            rung.clear_ready();
                        }
                        return;
                    }
                }
                Some(_) | None => {}
            }
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod others {
    use super::Duration;

    /// One alarm: the runtime's own timer.
    #[derive(Debug, Default)]
    pub struct Alarm;

    impl Alarm {
        /// Of the runtime that is entered.
        pub const fn new() -> Self {
            Self
        }

        /// Waits so long.
        pub async fn after(&self, wait: Duration) {
            tokio::time::sleep(wait).await;
        }
    }
}
