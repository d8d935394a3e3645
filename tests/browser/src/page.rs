//! One page, and what can be asked of it.

use std::{fs, io, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::Browser;

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Width of the window in pixels.
    pub width: u32,
    /// The person prefers dark pages.
    pub dark: bool,
}

/// A page of a browser.
pub struct Page<'a> {
    browser: &'a mut Browser,
    session: String,
}

impl<'a> Page<'a> {
    /// An empty page.
    ///
    /// # Panics
    /// The browser refuses.
    pub fn new(browser: &'a mut Browser) -> Self {
        let devtools = &mut browser.devtools;
        let target = devtools.call(None, "Target.createTarget", &json!({ "url": "about:blank" }));
        let target = target.expect("a page")["targetId"].take();
        let wanted = json!({ "targetId": target, "flatten": true });
        let session = devtools.call(None, "Target.attachToTarget", &wanted);
        let session =
            session.expect("a session")["sessionId"].as_str().expect("its name").to_owned();
        let mut page = Self { browser, session };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page
    }

    /// Opens a file as this person sees it.
    ///
    /// # Panics
    /// It is not shown in time.
    pub fn open(&mut self, file: &Path, view: View) {
        let size = json!({
            "width": view.width, "height": 900, "deviceScaleFactor": 1, "mobile": false
        });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if view.dark { "dark" } else { "light" };
        self.media("", scheme);
        self.browser.devtools.take_events();
        let file = file.canonicalize().expect("the page's file");
        self.call("Page.navigate", &json!({ "url": format!("file://{}", file.display()) }));
        self.browser.devtools.wait_for("Page.loadEventFired").expect("the page");
    }

    /// Shows the page as paper (`print`) or a screen (empty) does.
    pub fn media(&mut self, media: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let media = json!({ "media": media, "features": features });
        self.call("Emulation.setEmulatedMedia", &media);
    }

    /// Lets pages that are opened from now on run scripts, or not.
    pub fn scripts(&mut self, run: bool) {
        self.call("Emulation.setScriptExecutionDisabled", &json!({ "value": !run }));
    }

    /// The value of an expression in the page.
    ///
    /// # Panics
    /// The expression fails.
    pub fn value(&mut self, expression: &str) -> Value {
        let wanted = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true
        });
        let mut result = self.call("Runtime.evaluate", &wanted);
        let fault = &result["exceptionDetails"];
        assert!(fault.is_null(), "{expression}: {fault}");
        result["result"]["value"].take()
    }

    /// What the browser complained about, and what it loaded, since the page was opened.
    pub fn complaints_and_requests(&mut self) -> (Vec<String>, Vec<String>) {
        let (mut complaints, mut requests) = (Vec::new(), Vec::new());
        for event in self.browser.devtools.take_events() {
            let parameters = &event["params"];
            match event["method"].as_str().unwrap_or_default() {
                "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded" => {
                    complaints.push(parameters.to_string());
                }
                "Network.requestWillBeSent" => {
                    requests.push(parameters["request"]["url"].to_string());
                }
                _ => {}
            }
        }
        (complaints, requests)
    }

    /// Writes a picture of the whole page.
    ///
    /// # Errors
    /// The file cannot be written.
    ///
    /// # Panics
    /// The browser makes no picture.
    pub fn picture(&mut self, file: &Path) -> io::Result<()> {
        let size = self.call("Page.getLayoutMetrics", &json!({}))["cssContentSize"].take();
        let clip = json!({
            "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1
        });
        let wanted = json!({ "captureBeyondViewport": true, "clip": clip });
        let picture = self.call("Page.captureScreenshot", &wanted);
        fs::write(file, decoded(&picture))
    }

    /// The page as a printer gets it: the bytes of a PDF.
    ///
    /// # Panics
    /// The browser does not print.
    pub fn printed(&mut self) -> Vec<u8> {
        let printed = self.call("Page.printToPDF", &json!({ "printBackground": false }));
        decoded(&printed)
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        let reply = self.browser.devtools.call(Some(&self.session), method, parameters);
        reply.unwrap_or_else(|error| panic!("{error}"))
    }
}

fn decoded(reply: &Value) -> Vec<u8> {
    let text = reply["data"].as_str().expect("data");
    BASE64_STANDARD.decode(text).expect("base64")
}
