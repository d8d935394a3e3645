//! Which endings of plugins leave which verdict, and how it is shown.

mod common;

use common::{World, machine, terminal, text, without_process};
use serde_json::Value;
use vmkit_model::{Evidence, Mode, Power};
use vmkit_report::State;
use vmkit_scoring::{Candidate, Ending, Flag, Hints, Lack, Looker, Pick, Verdict};
use vmkit_types::{Observation, Reading, Unread};

const OK: Ending<'_> = Ending::Answered;
const NOT_ASKED: Ending<'_> = Ending::NotAsked;

const fn failed(word: &'static str) -> Ending<'static> {
    Ending::Failed { word, why: Some("why"), hint: "vm plugin list" }
}

const REFUSED: Ending<'_> = failed("refused");
const CRASHED: Ending<'_> = failed("crashed");
const TIMEOUT: Ending<'_> = failed("timeout");
const DENIED: Ending<'_> = failed("denied");
const INCOMPATIBLE: Ending<'_> = failed("incompatible");
const ERROR: Ending<'_> = failed("error");

/// A plugin that can name addresses, one that cannot, and one that nobody could read.
const ABLE: Option<bool> = Some(true);
const UNABLE: Option<bool> = Some(false);
const UNREAD: Option<bool> = None;

fn candidate(flags: &[Flag], probability: f64) -> Candidate {
    Candidate {
        address: [192, 168, 1, 176].into(),
        probability,
        unclaimed: probability,
        card: None,
        flags: flags.to_vec(),
        ledger: Vec::new(),
        on_link: true,
        contested: false,
        doubt: None,
        struck_out: None,
    }
}

/// What scoring says before anybody asks who looked.
fn pick(verdict: Verdict) -> Pick {
    let address = matches!(verdict, Verdict::Resolved | Verdict::Probable);
    let named = address || verdict == Verdict::Ambiguous;
    Pick {
        verdict,
        address: address.then(|| [192, 168, 1, 176].into()),
        candidates: if named { vec![candidate(&[], 0.52)] } else { Vec::new() },
        ..Pick::not_checked()
    }
}

fn link_local() -> Pick {
    Pick { candidates: vec![candidate(&[Flag::LinkLocal], 0.3)], ..pick(Verdict::NoAddress) }
}

fn checked(plugins: &[(Option<bool>, Ending<'static>)], mut pick: Pick) -> Pick {
    let looker = |(names_addresses, ending): &(Option<bool>, Ending<'static>)| Looker {
        id: "signal",
        names_addresses: *names_addresses,
        ending: *ending,
    };
    let lookers: Vec<Looker<'_>> = plugins.iter().map(looker).collect();
    pick.check_search(&lookers, &hints());
    pick
}

fn hints() -> Hints {
    Hints {
        no_plugin: "vm plugin list".to_owned(),
        denied: "sudo vm status".to_owned(),
        not_seen: "vm -vv status".to_owned(),
    }
}

type Plugins<'a> = &'a [(Option<bool>, Ending<'static>)];

/// How the plugins ended, what scoring said, the verdict, and what was lacking.
#[test]
fn decides_the_verdict_by_the_endings_of_the_plugins() {
    use Verdict::{Ambiguous, NoAddress, NotChecked, NotRunning, Probable, Resolved};
    let none = || pick(NoAddress);
    let all = Some(Lack::All);
    let some = Some(Lack::Some);
    let rows: [(Plugins<'_>, Pick, Verdict, Option<Lack>); 31] = [
        // Nothing that could have named an address answered.
        (&[(UNREAD, REFUSED), (UNREAD, REFUSED)], none(), NotChecked, all),
        (&[(ABLE, CRASHED), (ABLE, CRASHED), (UNABLE, NOT_ASKED)], none(), NotChecked, all),
        (&[(ABLE, TIMEOUT)], none(), NotChecked, all),
        (&[(ABLE, DENIED)], none(), NotChecked, all),
        (&[(ABLE, INCOMPATIBLE)], none(), NotChecked, all),
        (&[(ABLE, ERROR)], none(), NotChecked, all),
        (&[(ABLE, REFUSED), (ABLE, CRASHED), (ABLE, TIMEOUT)], none(), NotChecked, all),
        (&[(UNREAD, REFUSED), (UNABLE, OK)], none(), NotChecked, all),
        (&[(UNABLE, OK), (UNABLE, NOT_ASKED)], none(), NotChecked, all),
        (&[(ABLE, NOT_ASKED), (UNABLE, OK)], none(), NotChecked, all),
        (&[(ABLE, NOT_ASKED), (ABLE, REFUSED)], none(), NotChecked, all),
        (&[], none(), NotChecked, all),
        // What a plugin said before it ended is no search by the others.
        (&[(ABLE, TIMEOUT)], pick(Ambiguous), NotChecked, all),
        (&[(ABLE, TIMEOUT)], link_local(), NotChecked, all),
        // Some answered and named nothing; the others might have.
        (&[(ABLE, OK), (ABLE, TIMEOUT)], none(), NotChecked, some),
        (&[(ABLE, OK), (ABLE, CRASHED)], none(), NotChecked, some),
        (&[(ABLE, OK), (UNREAD, REFUSED)], none(), NotChecked, some),
        (&[(ABLE, OK), (UNREAD, INCOMPATIBLE)], none(), NotChecked, some),
        // Some answered and named something.
        (&[(ABLE, OK), (ABLE, TIMEOUT)], pick(Ambiguous), Ambiguous, None),
        (&[(ABLE, OK), (ABLE, TIMEOUT)], link_local(), NoAddress, None),
        (&[(ABLE, OK), (ABLE, TIMEOUT)], pick(Resolved), Resolved, None),
        (&[(ABLE, OK), (UNREAD, REFUSED)], pick(Probable), Probable, None),
        (&[(ABLE, TIMEOUT)], pick(Resolved), Resolved, None),
        // All that could answer did; who cannot name an address is not missed.
        (&[(ABLE, OK), (ABLE, OK)], none(), NoAddress, None),
        (&[(ABLE, OK), (UNABLE, REFUSED)], none(), NoAddress, None),
        (&[(ABLE, OK), (UNABLE, TIMEOUT)], none(), NoAddress, None),
        (&[(ABLE, OK), (ABLE, NOT_ASKED)], none(), NoAddress, None),
        (&[(ABLE, OK)], pick(Ambiguous), Ambiguous, None),
        (&[(ABLE, OK)], link_local(), NoAddress, None),
        // Nobody was to look.
        (&[(UNREAD, REFUSED)], Pick::not_running(), NotRunning, None),
        (&[(UNREAD, REFUSED)], Pick::not_checked(), NotChecked, None),
    ];
    for (plugins, before, verdict, lack) in rows {
        let said = before.verdict;
        let after = checked(plugins, before);
        let found = (after.verdict, after.unchecked.as_ref().map(|unchecked| unchecked.lack));
        assert_eq!(found, (verdict, lack), "{plugins:?}, {said:?}");
    }
}

/// What a plugin reported of the machine that it looked for, if anything.
type Report = Option<Observation>;

/// What the plugins that answered reported of one machine, what scoring said, the verdict, what was
/// lacking, why, and the hint.
#[test]
fn a_plugin_that_could_not_look_for_a_machine_did_not_answer_for_it() {
    use Verdict::{Ambiguous, NoAddress, NotChecked, Resolved};
    let unread = |why: &Unread| Some(Observation::unread(0, why));
    let searched = || None;
    let no_mac = || unread(&Unread::Failed("its MAC is not known".to_owned()));
    let denied = || unread(&Unread::Denied("read x".to_owned()));
    let silent = || unread(&Unread::TimedOut);
    let nothing = || Some(Observation::nothing_to_look_at(0, "it has no console log"));
    let probe =
        || Some(Observation::unread(0, &Unread::TimedOut).at(std::net::Ipv4Addr::LOCALHOST));
    let some = "not every plugin that finds addresses could be used: ";
    let all = "no plugin that finds addresses could be used: ";
    let idle = "plugins that find addresses had nothing to look at: it has no console log";
    let lacks = |lack, lead: &str, rest: &str, hint: &'static str| {
        Some((lack, format!("{lead}{rest}"), hint))
    };
    let without_mac = "could not look: its MAC is not known";
    let not_allowed = "could not look: permission denied: read x";
    let rows = [
        (vec![searched(), searched()], NoAddress, NoAddress, None),
        (vec![searched(), nothing(), silent()], NoAddress, NoAddress, None),
        (vec![searched(), probe()], NoAddress, NoAddress, None),
        (
            vec![searched(), no_mac(), no_mac()],
            NoAddress,
            NotChecked,
            lacks(Lack::Some, some, &format!("p1, p2 {without_mac}"), "vm -vv status"),
        ),
        (
            vec![searched(), denied(), no_mac()],
            NoAddress,
            NotChecked,
            lacks(
                Lack::Some,
                some,
                &format!("p1 {not_allowed}; p2 {without_mac}"),
                "sudo vm status",
            ),
        ),
        (
            vec![nothing(), denied()],
            NoAddress,
            NotChecked,
            lacks(Lack::All, all, &format!("p1 {not_allowed}"), "sudo vm status"),
        ),
        (
            vec![nothing(), nothing()],
            NoAddress,
            NotChecked,
            lacks(Lack::All, idle, "", "vm -vv status"),
        ),
        (vec![nothing()], Ambiguous, NotChecked, lacks(Lack::All, idle, "", "vm -vv status")),
        (vec![searched(), denied()], Ambiguous, Ambiguous, None),
        (vec![denied()], Resolved, Resolved, None),
    ];
    for (reports, said, verdict, lack) in rows {
        let ids: Vec<String> = (0..reports.len()).map(|index| format!("p{index}")).collect();
        let looker = |id| Looker { id, names_addresses: ABLE, ending: OK };
        let lookers: Vec<Looker<'_>> = ids.iter().map(|id| looker(id)).collect();
        let mut after = pick(said);
        let evidence = |(id, report): (&String, Report)| {
            let received_at = std::time::SystemTime::UNIX_EPOCH;
            let observation = report?.into();
            Some(Evidence { id: 0, plugin: id.as_str().into(), received_at, observation })
        };
        after.unread = ids.iter().zip(reports).filter_map(evidence).collect();
        after.check_search(&lookers, &hints());
        let found = after.unchecked.map(|lacks| (lacks.lack, lacks.reason, lacks.hint));
        let lack = lack.map(|(lack, reason, hint)| (lack, reason, hint.to_owned()));
        assert_eq!((after.verdict, found), (verdict, lack));
    }
}

#[test]
fn names_few_plugins_in_the_reason_and_counts_many() {
    let reason = |plugins: Plugins<'_>| checked(plugins, pick(Verdict::NoAddress)).unchecked;
    let rows: [(Plugins<'_>, &str); 4] = [
        (&[], "there is no plugin that finds addresses"),
        (&[(ABLE, NOT_ASKED)], "no plugin that finds addresses was asked"),
        (
            &[(UNREAD, REFUSED), (ABLE, CRASHED)],
            "no plugin that finds addresses could be used: signal refused: why; signal crashed: why",
        ),
        (
            &[(ABLE, OK), (ABLE, REFUSED), (ABLE, REFUSED), (ABLE, REFUSED), (ABLE, REFUSED)],
            "not every plugin that finds addresses could be used: 4 plugins refused: why",
        ),
    ];
    for (plugins, expected) in rows {
        let found = reason(plugins).expect("it lacks something");
        assert_eq!((found.reason.as_str(), found.hint.as_str()), (expected, "vm plugin list"));
    }
}

#[test]
fn begins_with_what_was_not_checked_and_leaves_its_state_unknown() {
    let pick = checked(&[(UNREAD, REFUSED)], pick(Verdict::NoAddress));
    let why = "no plugin that finds addresses could be used: signal refused: why";
    let world = World::of(vec![(machine("web", 0x57), pick)]);
    let status = world.status(Mode::Full);
    assert!(matches!(status.vms[0].state, Reading::Unknown(_)));
    let lead = format!("web: not checked: {why}\n  Next: vm plugin list\n\n");
    for found in [
        text(|out| status.write_text(out, terminal(96))),
        text(|out| status.write_explanation(out, terminal(96))),
    ] {
        assert!(found.starts_with(&lead), "{found}");
        assert!(found.ends_with("The running VM was not checked.\n"), "{found}");
        assert!(!found.contains("no address  ") && !found.contains("none found"), "{found}");
    }
    let document: Value = serde_json::from_str(&text(|out| status.write_json(out))).unwrap();
    let vm = &document["vms"][0];
    assert_eq!((&vm["verdict"], &vm["state"]), (&"not-checked".into(), &Value::Null));
    assert_eq!((&vm["ip"], &vm["none_probability"]), (&Value::Null, &Value::Null));
    assert_eq!((&vm["unknown"]["ip"], &vm["unknown"]["state"]), (&why.into(), &why.into()));
}

#[test]
fn knows_processes_alone_if_addresses_were_not_asked_for() {
    let world = World::of(vec![(machine("web", 0x57), Pick::not_checked())]);
    let status = world.status(Mode::Basic);
    assert_eq!(status.vms[0].state, Reading::Known(State::Running));
}

#[test]
fn shows_an_ambiguous_address_with_its_probability() {
    let several = Pick {
        candidates: vec![candidate(&[], 0.52), candidate(&[], 0.2), candidate(&[], 0.1)],
        ..pick(Verdict::Ambiguous)
    };
    let rows = [
        (pick(Verdict::Ambiguous), "192.168.1.176 ? 52 %"),
        (several, "192.168.1.176 ? 52 %, 2 more"),
    ];
    for (pick, shown) in rows {
        let world = World::of(vec![(machine("web", 0x57), pick)]);
        let status = world.status(Mode::Full);
        let found = text(|out| status.write_text(out, terminal(96)));
        assert!(found.contains(&format!("  {shown}  ")), "{found}");
        let document: Value = serde_json::from_str(&text(|out| status.write_json(out))).unwrap();
        let vm = &document["vms"][0];
        assert_eq!((&vm["ip"], &vm["verdict"]), (&Value::Null, &"ambiguous".into()));
        assert_eq!(vm["candidates"][0]["ip"], "192.168.1.176");
    }
}

#[test]
fn a_machine_of_unknown_state_is_not_said_to_be_stopped() {
    let rows = [(Power::Unknown, "not-checked", true), (Power::Stopped, "not-running", false)];
    for (power, verdict, unknown) in rows {
        let machine = without_process("web", 0x57, power);
        let world = World::of(vec![(machine, Pick::not_running())]);
        let status = world.status(Mode::Full);
        let found = text(|out| status.write_explanation(out, terminal(96)));
        assert_eq!(found.contains("web: unknown whether it runs\n"), unknown, "{found}");
        let document: Value = serde_json::from_str(&text(|out| status.write_json(out))).unwrap();
        let resolution = text(|out| world.resolutions()[0].write_json(out));
        let resolution: Value = serde_json::from_str(&resolution).unwrap();
        for vm in [&document["vms"][0], &resolution] {
            assert_eq!(vm["verdict"], verdict);
            assert_eq!(vm["unknown"]["ip"] == "whether it runs is unknown", unknown, "{vm}");
        }
    }
}
