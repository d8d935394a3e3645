//! What is sent to a guest's agent, and what its replies say.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use vmkit_inside::{SCRIPT, agent_answer, outcome_request, start_request, started, still_runs};
use vmkit_types::Unread;

#[test]
fn nothing_but_the_script_is_run() {
    let request: Value = serde_json::from_str(&start_request()).unwrap();
    assert_eq!(request["execute"], "guest-exec");
    let arguments = &request["arguments"];
    assert_eq!((&arguments["path"], &arguments["arg"][0]), (&"/bin/sh".into(), &"-c".into()));
    let shell = arguments["arg"][1].as_str().unwrap();
    for bound in ["timeout 45 sh -s", "| head -c 4194304"] {
        assert!(shell.contains(bound), "{shell}");
    }
    let input = STANDARD.decode(arguments["input-data"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(input).unwrap(), SCRIPT);
    let request: Value = serde_json::from_str(&outcome_request(17)).unwrap();
    assert_eq!(
        (&request["execute"], &request["arguments"]["pid"]),
        (&"guest-exec-status".into(), &17.into())
    );
}

#[test]
fn reads_what_the_script_printed() {
    // As QEMU's agent 7.2 replies.
    assert_eq!(started(r#"{"return": {"pid": 1507}}"#), Some(1507));
    assert!(still_runs(r#"{"return": {"exited": false}}"#));
    let reply = r#"{"return": {"exitcode": 0, "out-data": "aGVsbG8K", "exited": true}}"#;
    assert!(!still_runs(reply));
    assert_eq!(agent_answer(reply), Ok(b"hello\n".to_vec()));
    assert_eq!(agent_answer(r#"{"return": {"exitcode": 0, "exited": true}}"#), Ok(Vec::new()));
}

#[test]
fn an_agent_that_runs_nothing_says_why() {
    // QEMU 7.2 with a block list, 9.2 with an allow list, and one whose SELinux denies the shell.
    let rows = [
        (
            r#"{"error": {"class": "CommandNotFound", "desc": "Command guest-exec has been disabled"}}"#,
            Unread::Denied("the guest agent runs no commands: Command guest-exec has been disabled".to_owned()),
        ),
        (
            r#"{"error": {"class": "CommandNotFound", "desc": "Command guest-exec has been disabled: the command is not allowed\u001b[2J"}}"#,
            Unread::Denied(
                "the guest agent runs no commands: Command guest-exec has been disabled: the command is not \
                 allowed\\x1b[2J".to_owned(),
            ),
        ),
        (
            r#"{"error": {"class": "GenericError", "desc": "Guest agent command failed, error was 'Failed to execute child process “/bin/sh” (Permission denied)'"}}"#,
            Unread::Denied(
                "the guest agent did not run the commands: Guest agent command failed, error was 'Failed to \
                 execute child process “/bin/sh” (Permission denied)'".to_owned(),
            ),
        ),
        (
            r#"{"error": {"class": "GenericError", "desc": "Invalid parameter 'pid'"}}"#,
            Unread::Failed("the guest agent did not run the commands: Invalid parameter 'pid'".to_owned()),
        ),
    ];
    for (reply, expected) in rows {
        assert_eq!(started(reply), None, "{reply}");
        assert!(!still_runs(reply), "{reply}");
        assert_eq!(agent_answer(reply), Err(expected), "{reply}");
    }
}

#[test]
fn a_reply_that_is_none_is_not_believed() {
    let rows = [
        "",
        "7",
        "{}",
        r#"{"return": {}}"#,
        r#"{"return": 7}"#,
        r#"{"return": {"pid": "1507"}}"#,
        r#"{"return": {"pid": -1}}"#,
        r#"{"return": {"pid": 1.5}}"#,
        r#"{"return": {"pid": 99999999999}}"#,
        r#"{"return": {"exited": 1}}"#,
        r#"{"return": {"exited": true, "out-data": "!!!"}}"#,
        r#"{"return": {"exited": true, "out-data": "aGVsbG8"}}"#,
        r#"{"return": {"exited": true, "out-data": 7}}"#,
        r#"{"return": {"exited": true, "out-data": ["aGVsbG8K"]}}"#,
    ];
    for reply in rows {
        assert_eq!(started(reply), None, "{reply}");
        assert!(!still_runs(reply), "{reply}");
        let answer = agent_answer(reply);
        assert!(matches!(answer, Err(Unread::Malformed(_))), "{reply}: {answer:?}");
    }
    // The process still runs, and the caller has given up.
    let answer = agent_answer(r#"{"return": {"exited": false}}"#);
    assert!(matches!(answer, Err(Unread::Malformed(_))), "{answer:?}");
}
