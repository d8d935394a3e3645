//! Which DISCOVER of the offer test to send when, and when the test is decided: no socket, no clock.

use std::{collections::HashMap, net::Ipv4Addr, time::Duration};

use vmkit_types::Mac;

use crate::{Loss, Offer, Outcome, TestCase, TestResult};

/// Time between two DISCOVERs, so that servers and access points see no flood.
const PACE: Duration = Duration::from_millis(30);
/// Time between two DISCOVERs of one case: most servers have answered the first by then.
const REPEAT: Duration = Duration::from_millis(105);
/// A DISCOVER counts as unanswered after this time: it is far more than a round trip.
const ROUND_TRIP: Duration = Duration::from_millis(500);
/// The same while no server has shown that it offers new clients an address at once: some ping the
/// address first, dnsmasq for 3 s.
const SLOW_SERVER: Duration = Duration::from_millis(3200);
/// A machine that has no answer by then is also asked for without the broadcast flag.
const TRY_UNICAST: Duration = Duration::from_millis(100);
/// How much later than the first a second server may answer.
const SECOND_SERVER: Duration = Duration::from_millis(200);
/// An answer after this time comes from a server that pings first, one client after the other.
const SLOW: Duration = Duration::from_secs(1);
/// The longest that a test takes: what is undecided then stays so.
const LONGEST: Duration = Duration::from_secs(4);
/// The same where a server pings for one client after the other, and on a computer that is too busy to send in
/// time.
const LONGEST_OF_SLOW: Duration = Duration::from_secs(7);
/// So many DISCOVERs of each case are waited for in any event.
const AT_LEAST: usize = 3;
/// Most offers that are kept of one case.
const MOST_OFFERS: usize = 16;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanStep {
    /// Send the DISCOVER of this case for this hardware address, then call [`Plan::sent`].
    Send(TestCase, Mac),
    /// Do nothing but listen before this time.
    WaitUntil(Duration),
    /// All is decided, or the time is over.
    Done,
}

/// A test while it goes on. Times count from its beginning.
#[derive(Debug)]
pub struct Plan {
    questions: Vec<Question>,
    /// Question and DISCOVER by transaction id.
    transactions: HashMap<u32, (usize, usize)>,
    link: Option<TestResult>,
    /// A count of ARP requests is still to come.
    counts: bool,
    last_sent: Option<Duration>,
    last_offer: Option<Duration>,
    /// The network's router, where it is known.
    gateway: Option<Ipv4Addr>,
    /// An offer is of another network than that of the router: the network's own server may be slower.
    foreign: bool,
    /// The last answer came so late that its server pinged first, at this time.
    slow_until: Duration,
}

#[derive(Debug)]
struct Question {
    case: TestCase,
    chaddr: Mac,
    /// The time of each DISCOVER, and whether it was answered.
    sent: Vec<(Duration, bool)>,
    offers: Vec<Offer>,
    /// It was answered at once.
    quick: bool,
}

impl Plan {
    /// A test of these cases, in this order.
    pub fn new(cases: impl IntoIterator<Item = (TestCase, Mac)>) -> Self {
        let question = |(case, chaddr)| Question::new(case, chaddr);
        Self {
            questions: cases.into_iter().map(question).collect(),
            transactions: HashMap::new(),
            link: None,
            counts: false,
            last_sent: None,
            last_offer: None,
            gateway: None,
            foreign: false,
            slow_until: Duration::ZERO,
        }
    }

    /// The same test on the network of this router: after an offer of another network it also hears a server
    /// that pings first.
    #[must_use]
    pub fn on_network_of(self, gateway: Option<Ipv4Addr>) -> Self {
        Self { gateway, ..self }
    }

    /// The same test while ARP requests are counted: silence is not believed before [`Plan::measured`] or
    /// [`Plan::count_ended`] is called, since it may turn out to be loss.
    #[must_use]
    pub fn beside_a_count(self) -> Self {
        Self { counts: true, ..self }
    }

    /// Whether silence may still turn out to be loss that is being counted.
    pub fn is_unsure(&self, now: Duration) -> bool {
        let results = self.results(now);
        let loss = Loss::of(&results);
        self.counts && results.iter().any(|result| result.outcome(&loss) == Outcome::Silent)
    }

    /// Notes that no count is to come any more.
    pub fn count_ended(&mut self) {
        self.counts = false;
    }

    /// Whether a slower server may still answer beside one of another network.
    pub fn awaits_others(&self, now: Duration) -> bool {
        self.foreign && self.last_offer.is_some_and(|at| now < at + SLOW_SERVER)
    }

    /// What to do at this time.
    pub fn step(&mut self, now: Duration) -> PlanStep {
        self.try_unicast(now);
        let end = self.end();
        if now >= end {
            return PlanStep::Done;
        }
        let results = self.results(now);
        let loss = Loss::of(&results);
        let open: Vec<usize> = (0..self.questions.len())
            .filter(|place| results[*place].outcome(&loss) == Outcome::Open)
            .collect();
        if open.is_empty() && self.is_unsure(now) {
            return PlanStep::WaitUntil(end);
        }
        if open.is_empty() {
            let patience = if self.foreign { SLOW_SERVER } else { SECOND_SERVER };
            let over = self.last_offer.map_or(Duration::ZERO, |at| at + patience);
            return if now >= over { PlanStep::Done } else { PlanStep::WaitUntil(over) };
        }
        let mut next = end;
        let paced = self.last_sent.map_or(Duration::ZERO, |last| last + PACE);
        let mut questions: Vec<&Question> = open.iter().map(|at| &self.questions[*at]).collect();
        questions.sort_by_key(|question| question.sent.len());
        for question in questions {
            let due = question.due(&loss, self.counts).map(|due| due.max(paced));
            let (_, patience) = self.patience(question);
            // What is sent later has no time to be answered.
            let in_time =
                |due: &Duration| question.sent.len() < AT_LEAST || *due + patience <= LONGEST;
            let Some(due) = due.filter(in_time) else { continue };
            if due <= now {
                return PlanStep::Send(question.case, question.chaddr);
            }
            next = next.min(due);
        }
        // Time alone decides what was asked often enough.
        let each = open.iter().map(|place| &self.questions[*place]);
        let overdue =
            each.filter_map(|it| it.overdue(now, self.patience(it))).fold(next, Duration::min);
        PlanStep::WaitUntil(overdue.max(now + Duration::from_millis(1)))
    }

    /// Notes that the DISCOVER was sent with this transaction id.
    pub fn sent(&mut self, case: TestCase, chaddr: Mac, xid: u32, now: Duration) {
        self.last_sent = Some(now);
        let place = self.questions.iter().position(|it| (it.case, it.chaddr) == (case, chaddr));
        let Some(place) = place else { return };
        let sent = &mut self.questions[place].sent;
        self.transactions.insert(xid, (place, sent.len()));
        sent.push((now, false));
    }

    /// Notes an offer for this transaction and hardware address. Returns whether it belongs to the
    /// test.
    pub fn offered(&mut self, xid: u32, chaddr: Mac, offer: Offer, now: Duration) -> bool {
        let Some((place, nth)) = self.transactions.get(&xid).copied() else { return false };
        let question = &mut self.questions[place];
        let Some((at, answered)) = question.sent.get_mut(nth) else { return false };
        if question.chaddr != chaddr {
            return false;
        }
        *answered = true;
        if now.saturating_sub(*at) >= SLOW {
            self.slow_until = now;
        } else {
            question.quick = true;
        }
        self.foreign |= self.gateway.is_some_and(|gateway| offer.is_of_network_without(gateway));
        if !question.offers.contains(&offer) && question.offers.len() < MOST_OFFERS {
            self.last_offer = Some(now);
            question.offers.push(offer);
        }
        true
    }

    /// Notes how many ARP requests for the gateway were answered.
    pub fn measured(&mut self, sent: u32, answered: u32) {
        self.counts = false;
        let (case, chaddr, waited, offers) = (TestCase::Gateway, None, None, Vec::new());
        let (before, replied) = self.link.as_ref().map_or((0, 0), |it| (it.sent, it.answered));
        let (sent, answered) = (before + sent, replied + answered);
        self.link = Some(TestResult { case, chaddr, sent, answered, waited, offers });
    }

    /// The results at this time, the questions in their order and the link last.
    pub fn results(&self, now: Duration) -> Vec<TestResult> {
        let questions = self.questions.iter().map(|it| it.result(now, self.patience(it)));
        questions.chain(self.link.clone()).collect()
    }

    /// When the test ends, decided or not.
    fn end(&self) -> Duration {
        let silent = self.questions.iter().filter(|question| question.offers.is_empty());
        let counted = silent.map(|question| {
            let (since, patience) = self.patience(question);
            let last = question.sent.get(AT_LEAST - 1).or(question.sent.last());
            last.map_or(LONGEST, |(at, _)| (*at).max(since) + patience)
        });
        counted.fold(LONGEST, Duration::max).min(LONGEST_OF_SLOW)
    }

    /// Since when and how long an answer to this question may take. No server pings for a client that it
    /// has just answered, or if it does not ping for a new one. One that pings does so for one client
    /// after the other.
    fn patience(&self, question: &Question) -> (Duration, Duration) {
        let quick = self
            .questions
            .iter()
            .any(|it| it.quick && (it.case == TestCase::Foreign || it.chaddr == question.chaddr));
        if quick { (Duration::ZERO, ROUND_TRIP) } else { (self.slow_until, SLOW_SERVER) }
    }

    /// Adds the question without the broadcast flag for each machine that has waited for long.
    fn try_unicast(&mut self, now: Duration) {
        let waits = |it: &&Question| {
            let first = it.sent.first().is_some_and(|(at, _)| now >= *at + TRY_UNICAST);
            it.case == TestCase::Machine && first && it.offers.is_empty()
        };
        let of: Vec<Mac> = self.questions.iter().filter(waits).map(|it| it.chaddr).collect();
        for chaddr in of {
            let case = TestCase::MachineUnicast;
            if !self.questions.iter().any(|it| (it.case, it.chaddr) == (case, chaddr)) {
                self.questions.push(Question::new(case, chaddr));
            }
        }
    }
}

impl Question {
    fn new(case: TestCase, chaddr: Mac) -> Self {
        Self { case, chaddr, sent: Vec::new(), offers: Vec::new(), quick: false }
    }

    /// When to ask again; `None`: often enough, if the link loses as much as is known. What is sent after a count
    /// may be too late to be answered.
    fn due(&self, loss: &Loss, counts: bool) -> Option<Duration> {
        let Some((last, _)) = self.sent.last() else { return Some(Duration::ZERO) };
        let asked = u32::try_from(self.sent.len()).unwrap_or(u32::MAX);
        (counts || !loss.explains_no_silence_by_far(asked)).then(|| *last + REPEAT)
    }

    /// When the next DISCOVER counts as unanswered.
    fn overdue(&self, now: Duration, patience: (Duration, Duration)) -> Option<Duration> {
        let (since, longest) = patience;
        let each = self.sent.iter().map(|(at, _)| (*at).max(since) + longest);
        each.filter(|over| *over > now).min()
    }

    /// A DISCOVER counts once it was answered, once a later one was, or when its answer is overdue.
    fn result(&self, now: Duration, patience: (Duration, Duration)) -> TestResult {
        let (since, longest) = patience;
        let last = self.sent.iter().rposition(|(_, answered)| *answered);
        let counted = |(place, (at, _)): &(usize, &(Duration, bool))| match last {
            Some(last) => *place <= last,
            None => now >= (*at).max(since) + longest,
        };
        let sent = self.sent.iter().enumerate().filter(counted).count();
        let answered = self.sent.iter().filter(|(_, answered)| *answered).count();
        let waited = self.sent.first().map_or(Duration::ZERO, |(at, _)| now.saturating_sub(*at));
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        TestResult {
            case: self.case,
            chaddr: Some(self.chaddr),
            sent: count(sent),
            answered: count(answered),
            waited: Some(waited),
            offers: self.offers.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a test of the host alone is done, whose only offer comes at once and is of this address.
    fn done_after(yiaddr: [u8; 4]) -> Duration {
        let (host, xid) = (Mac::new([2, 0, 0, 0, 0, 1]), 1);
        let mut plan =
            Plan::new([(TestCase::Host, host)]).on_network_of(Some([192, 168, 1, 1].into()));
        let mut now = Duration::ZERO;
        loop {
            match plan.step(now) {
                PlanStep::Send(case, chaddr) => {
                    plan.sent(case, chaddr, xid, now);
                    let yiaddr = Some(yiaddr.into());
                    let offer = Offer { yiaddr, prefix: Some(24), ..Offer::default() };
                    plan.offered(xid, chaddr, offer, now);
                }
                PlanStep::WaitUntil(until) => now = until.max(now + Duration::from_millis(1)),
                PlanStep::Done => return now,
            }
        }
    }

    #[test]
    fn waits_for_the_own_server_after_an_offer_of_another_network() {
        assert!(done_after([192, 168, 1, 64]) < Duration::from_millis(300));
        assert!(done_after([10, 66, 0, 64]) >= SLOW_SERVER);
    }

    #[test]
    fn believes_silence_once_the_loss_of_the_link_is_counted() {
        let (host, machine) = (Mac::new([2, 0, 0, 0, 0, 1]), Mac::new([2, 0, 0, 0, 0, 2]));
        let cases = [(TestCase::Foreign, host), (TestCase::Machine, machine)];
        // The ARP requests of 16 that were answered, and whether the VM's silence is believed then.
        for (answered, is_believed) in [(16, true), (5, false)] {
            let mut plan = Plan::new(cases).beside_a_count();
            let (mut now, mut xid) = (Duration::ZERO, 0);
            while now < Duration::from_secs(2) {
                match plan.step(now) {
                    PlanStep::Send(case, chaddr) => {
                        xid += 1;
                        plan.sent(case, chaddr, xid, now);
                        if case == TestCase::Foreign {
                            plan.offered(xid, chaddr, Offer::default(), now);
                        }
                    }
                    PlanStep::WaitUntil(_) => now += Duration::from_millis(10),
                    PlanStep::Done => panic!("{answered}: done at {now:?}"),
                }
            }
            let silent = |plan: &Plan| {
                let results = plan.results(now);
                let loss = Loss::of(&results);
                let own = results.iter().find(|it| it.case == TestCase::Machine).unwrap();
                own.outcome(&loss) == Outcome::Silent
            };
            assert!(silent(&plan) && plan.is_unsure(now), "{answered}");
            plan.measured(16, answered);
            assert_eq!((silent(&plan), plan.is_unsure(now)), (is_believed, false), "{answered}");
        }
    }
}
