//! Lines of pairs: what is found in each dialect, and what is refused.

use vmkit_formats::{
    MAX_NODES, MAX_TEXT,
    pairs::{Dialect, Section, parse},
};

fn read(text: &str, dialect: Dialect) -> Vec<Section> {
    parse(text.as_bytes(), dialect).expect("a readable file")
}

/// The pairs of each section, as `[name] key=value`.
fn shown(sections: &[Section]) -> Vec<String> {
    let pairs = |section: &Section| {
        let name = section.name.clone();
        let show = move |(key, value): &(String, String)| format!("[{name}] {key}={value}");
        section.pairs.iter().map(show).collect::<Vec<_>>()
    };
    sections.iter().flat_map(pairs).collect()
}

#[test]
fn reads_each_dialect() {
    let rows: [(Dialect, &str, &[&str]); 5] = [
        (
            Dialect::Vmx,
            ".encoding = \"UTF-8\"\n# c\ndisplayName = \"a |22b|22 |zz |\"\nethernet0.Present = \"TRUE\"\nn = 5\r\n",
            &[
                "[] .encoding=UTF-8",
                "[] displayname=a \"b\" |zz |",
                "[] ethernet0.present=TRUE",
                "[] n=5",
            ],
        ),
        (
            Dialect::Ini,
            "; c\n# c\na = 1\n[ part ]\nb=\"x = y\"\n[empty]\n",
            &["[] a=1", "[part] b=x = y"],
        ),
        (
            Dialect::Colon,
            "#notes\nname: web\nnet0: virtio=BC:24:11:00:00:01,bridge=vmbr0\n[before]\nname: old\n",
            &["[] name=web", "[] net0=virtio=BC:24:11:00:00:01,bridge=vmbr0", "[before] name=old"],
        ),
        (
            Dialect::Shell,
            "#!/usr/bin/quickemu --vm\nguest_os=\"linux\"\nexport ssh_port=22220 # own\nempty=\nif true; then\n\
             ports=(\"8123:8123\"\n  '8888:80' )\nimg=\"$HOME/a b\"\n1x=2\na b=c\n",
            &[
                "[] guest_os=linux",
                "[] ssh_port=22220",
                "[] empty=",
                "[] ports=8123:8123",
                "[] ports=8888:80",
                "[] img=$HOME/a b",
            ],
        ),
        (
            Dialect::Ssh,
            "IdentityFile \"/a b/key\"\nHost lima-default\n  Port 60022\n  port=1\n  User   ann\nHost *\nUser=all\n",
            &[
                "[] identityfile=/a b/key",
                "[lima-default] port=60022",
                "[lima-default] user=ann",
                "[*] user=all",
            ],
        ),
    ];
    for (dialect, text, expected) in rows {
        assert_eq!(shown(&read(text, dialect)), expected, "{dialect:?}");
    }
}

#[test]
fn the_last_value_of_a_name_counts_and_all_are_there() {
    let sections = read("a=1\nb=2\na=3\n", Dialect::Ini);
    let first = sections.first().unwrap();
    assert_eq!((first.get("a"), first.get("b"), first.get("c")), (Some("3"), Some("2"), None));
    assert_eq!(first.all("a").collect::<Vec<_>>(), ["1", "3"]);
}

#[test]
fn a_list_ends_outside_of_quotes_and_comments() {
    let rows: [(&str, &[&str]); 5] = [
        (
            "a=(1 \")\" ')' \\) 2) # c\nb=3",
            &["[] a=1", "[] a=)", "[] a=)", "[] a=)", "[] a=2", "[] b=3"],
        ),
        ("a=( # one)\n 1 # two)\n)\n", &["[] a=1"]),
        ("a=()\n", &[]),
        ("a=(x#y)\n", &["[] a=x#y"]),
        ("a=(\"x\ny\")", &["[] a=x\ny"]),
    ];
    for (text, expected) in rows {
        assert_eq!(shown(&read(text, Dialect::Shell)), expected, "{text}");
    }
}

#[test]
fn a_hundred_thousand_keywords_are_read_in_linear_time() {
    let many: Vec<String> = (1..MAX_NODES).map(|number| format!("k{number} v")).collect();
    assert_eq!(read(&many.join("\n"), Dialect::Ssh)[0].pairs.len(), MAX_NODES - 1);
}

#[test]
fn refuses_what_is_no_pair_and_what_passes_the_bounds() {
    let long = "x".repeat(MAX_TEXT + 1);
    let many = "a=1\n".repeat(MAX_NODES + 1);
    let endless = format!("a=(\n{}", "1\n".repeat(10));
    // Each line would end the list, were the quote closed.
    let open = format!("a=(\"\n{}", ")\n".repeat(MAX_TEXT));
    let rows = [
        (
            Dialect::Shell,
            open.as_str(),
            "shell assignments, line 1: has a text of more than 262144 bytes",
        ),
        (Dialect::Vmx, "a = 1\nnonsense\n", "VMX, line 2: `nonsense` is not a pair"),
        (Dialect::Ini, "= 1", "INI, line 1: `= 1` is not a pair"),
        (Dialect::Ini, "\u{1b}[2J", "INI, line 1: `\\x1b[2J` is not a pair"),
        (Dialect::Colon, "a = 1", "lines of pairs, line 1: `a = 1` is not a pair"),
        (Dialect::Ssh, "\nHost", "ssh configuration, line 2: `Host` is not a pair"),
        (Dialect::Ini, &long, "INI, line 1: has a text of more than 262144 bytes"),
        (Dialect::Ini, &many, "INI, line 100001: has more than 100000 nodes"),
        (Dialect::Shell, &endless, "shell assignments, line 1: `a` has a list that does not end"),
    ];
    for (dialect, text, expected) in rows {
        assert_eq!(parse(text.as_bytes(), dialect).unwrap_err().to_string(), expected);
    }
    let error = parse(b"a=1\n\xff", Dialect::Ini).unwrap_err().to_string();
    assert_eq!(error, "INI, line 2: is not UTF-8");
}
