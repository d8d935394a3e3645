use super::*;

/// Path, owner, group, mode.
type Row = (&'static str, u32, u32, u32);

fn component((path, owner, group, mode): Row) -> Component {
    let is_library = std::path::Path::new(path).extension().is_some_and(|suffix| suffix == "so");
    let directory = !is_library && !path.ends_with("/vm");
    Component { path: path.into(), owner, group, mode, directory, listed: false }
}

const ANN: u32 = 1000;
const BEN: u32 = 1001;
const EVE: u32 = 6666;
const ADMIN: u32 = 80;

/// Ann and Ben are administrators.
fn is_member(user: u32, group: u32) -> bool {
    group == ADMIN && [ANN, BEN].contains(&user)
}

/// The program and what leads to it; a part of the tree beside it; the user of an unprivileged
/// run; whether the part adds nothing, and why not.
#[test]
fn refuses_what_can_be_changed_by_users_who_cannot_replace_the_program() {
    let root_s: &[Row] = &[("/usr/bin/vm", 0, 0, 0o755), ("/usr/bin", 0, 0, 0o755)];
    let ann_s: &[Row] = &[("/a/bin/vm", ANN, ANN, 0o755), ("/a", ANN, ANN, 0o755)];
    let brew: &[Row] = &[("/b/bin/vm", ANN, ADMIN, 0o755), ("/b", ANN, ADMIN, 0o775)];
    let sticky: &[Row] = &[("/tmp/c/bin/vm", ANN, ANN, 0o755), ("/tmp", 0, 0, 0o1777)];
    let open: &[Row] = &[("/w/c/bin/vm", ANN, ANN, 0o755), ("/w", 0, 0, 0o777)];
    let group_file: &[Row] = &[("/g/vm", 0, ADMIN, 0o775)];
    let rows: &[(&[Row], Row, Option<u32>, &str)] = &[
        (root_s, ("/usr/lib", 0, 0, 0o755), None, ""),
        (root_s, ("/usr/lib", EVE, 0, 0o755), None, "belongs to user 6666"),
        (root_s, ("/usr/lib", ANN, 0, 0o755), None, "belongs to user 1000"),
        (root_s, ("/usr/lib", ANN, 0, 0o755), Some(ANN), ""),
        (root_s, ("/usr/lib", 0, ADMIN, 0o775), None, "mode 775"),
        (root_s, ("/usr/lib", 0, ADMIN, 0o775), Some(ANN), "mode 775"),
        (ann_s, ("/a/lib", ANN, ANN, 0o755), None, ""),
        (ann_s, ("/a/lib", ANN, ANN, 0o775), None, "mode 775"),
        (ann_s, ("/a/lib", BEN, ANN, 0o755), None, "belongs to user 1001"),
        (brew, ("/b/lib", ANN, ADMIN, 0o775), Some(ANN), ""),
        (brew, ("/b/lib", BEN, ADMIN, 0o775), Some(ANN), ""),
        (brew, ("/b/lib", BEN, ADMIN, 0o775), None, ""),
        (brew, ("/b/lib", EVE, ADMIN, 0o755), None, "belongs to user 6666"),
        (brew, ("/b/lib", ANN, 20, 0o775), None, "mode 775"),
        (brew, ("/b/lib", ANN, ADMIN, 0o777), None, "mode 777"),
        (sticky, ("/tmp/c/lib", ANN, ANN, 0o755), None, ""),
        (sticky, ("/tmp/c/lib", EVE, ANN, 0o755), None, "belongs to user 6666"),
        (sticky, ("/tmp/c/lib", ANN, ANN, 0o777), None, "mode 777"),
        (sticky, ("/tmp/c/lib", ANN, ANN, 0o1777), None, "mode 1777"),
        (sticky, ("/tmp/c/lib", ANN, ANN, 0o1777), Some(ANN), ""),
        (open, ("/w/c/lib", EVE, EVE, 0o777), None, ""),
        (group_file, ("/g/lib", 0, ADMIN, 0o775), None, ""),
    ];
    for (program, part, user, expected) in rows {
        let program: Vec<_> = program.iter().copied().map(component).collect();
        let replacers = Replacers::of(&program);
        let fault = Rule { user: *user, replacers: &replacers }.fault(&component(*part), is_member);
        let said = fault.map_or(String::new(), |fault| fault.to_string());
        assert_eq!(said.is_empty(), expected.is_empty(), "{program:?} {part:?}: {said}");
        assert!(said.contains(expected), "{program:?} {part:?}: {said}");
    }
}

/// The mode's group bits are the access list's bound then, and tell neither that the group may
/// write nor that nobody else may.
#[test]
fn ignores_the_group_where_an_access_list_hides_who_may_write() {
    let listed = |row| Component { listed: true, ..component(row) };
    let plain = component(("/b", ANN, ADMIN, 0o775));
    let part = ("/b/lib", ANN, ADMIN, 0o775);
    let rows = [(&plain, listed(part)), (&listed(("/b", ANN, ADMIN, 0o775)), component(part))];
    for (program, part) in rows {
        let replacers = Replacers::of(std::slice::from_ref(program));
        let fault = Rule { user: None, replacers: &replacers }.fault(&part, is_member);
        assert!(matches!(fault, Some(Fault::WritableByOthers { .. })), "{program:?} {part:?}");
    }
}
