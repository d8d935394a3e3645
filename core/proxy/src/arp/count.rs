//! How many ARP requests for one address are answered: what is missing, the link has lost.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use vmkit_types::Mac;

use super::{frame, line::FRAME, link::Link};

/// Most requests of one count.
pub(super) const MOST_REQUESTS: u32 = 64;
/// Time between two requests: some times what a broadcast takes on a Wi-Fi at its lowest rate.
const SPACING: Duration = Duration::from_millis(20);
/// How long the last reply may take. A sleeping Wi-Fi station hears broadcasts only every 100 to 300 ms.
const LAST_REPLY: Duration = Duration::from_millis(300);

/// Requests for one address, and the replies of the host that answered first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArpCount {
    /// Requests that were sent.
    pub asked: u32,
    /// Requests that were answered.
    pub answered: u32,
}

/// A count while it goes on. Times count from its beginning.
#[derive(Debug, Default)]
struct Counting {
    count: ArpCount,
    wanted: u32,
    holder: Option<Mac>,
    last: Option<Duration>,
}

impl Counting {
    /// When to send the next request; `None`: all were sent.
    fn due(&self) -> Option<Duration> {
        let at = self.last.map_or(Duration::ZERO, |last| last + SPACING);
        (self.count.asked < self.wanted).then_some(at)
    }

    /// When the count is over.
    fn over(&self) -> Duration {
        self.last.map_or(Duration::MAX, |last| last + LAST_REPLY)
    }

    fn is_over(&self, now: Duration) -> bool {
        let all_sent = self.count.asked >= self.wanted;
        all_sent && (self.count.answered >= self.count.asked || now >= self.over())
    }

    /// Notes a reply. A reply has no number, so that more of them than requests say nothing.
    fn replied(&mut self, mac: Mac) {
        if *self.holder.get_or_insert(mac) == mac {
            self.count.answered = (self.count.answered + 1).min(self.count.asked);
        }
    }
}

/// Asks so many times for the address, and counts the answers of the host that answers first.
pub(super) fn count(
    link: &Link,
    socket: &File,
    address: Ipv4Addr,
    wanted: u32,
    deadline: Instant,
) -> io::Result<ArpCount> {
    let began = Instant::now();
    let most = deadline.saturating_duration_since(began);
    let mut counting = Counting { wanted: wanted.min(MOST_REQUESTS), ..Counting::default() };
    let (mut writer, mut reader) = (socket, socket);
    while !counting.is_over(began.elapsed()) && began.elapsed() < most {
        let mut octets = [0; FRAME];
        match reader.read(&mut octets) {
            Ok(length) => {
                let reply = octets.get(..length).and_then(|own| frame::reply(own, link));
                if let Some(reply) = reply.filter(|reply| reply.address == address) {
                    counting.replied(reply.mac);
                }
                continue;
            }
            Err(error) if is_passing(&error) => {}
            Err(error) => return Err(error),
        }
        let now = began.elapsed();
        match counting.due() {
            Some(due) if due <= now => {
                match writer.write_all(&frame::request(link, address)) {
                    Ok(()) => counting.count.asked += 1,
                    Err(error) if is_passing(&error) => {}
                    Err(error) => return Err(error),
                }
                counting.last = Some(now);
            }
            due => wait(socket, due.unwrap_or(counting.over()).min(most).saturating_sub(now))?,
        }
    }
    Ok(counting.count)
}

fn is_passing(error: &io::Error) -> bool {
    [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted].contains(&error.kind())
}

fn wait(socket: &File, time: Duration) -> io::Result<()> {
    let time = Timespec::try_from(time).map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&time)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_first_holder_and_ends_with_its_last_answer() {
        let (one, other) = (Mac::new([2, 0, 0, 0, 0, 1]), Mac::new([2, 0, 0, 0, 0, 2]));
        // Replies, then how many count of three requests, and whether that is all.
        let rows: [(&[Mac], u32, bool); 5] = [
            (&[], 0, false),
            (&[one, one], 2, false),
            (&[one, one, one], 3, true),
            (&[one, other, other, other], 1, false),
            (&[one, one, one, one], 3, true),
        ];
        for (replies, answered, over) in rows {
            let mut counting = Counting { wanted: 3, ..Counting::default() };
            assert_eq!(counting.due(), Some(Duration::ZERO));
            counting.count.asked = 3;
            counting.last = Some(Duration::from_millis(40));
            for mac in replies {
                counting.replied(*mac);
            }
            assert_eq!((counting.due(), counting.count.answered), (None, answered));
            assert_eq!(counting.is_over(Duration::from_millis(100)), over, "{replies:?}");
            assert!(counting.is_over(Duration::from_millis(340)), "{replies:?}");
        }
    }
}
