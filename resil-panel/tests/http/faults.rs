//! Injected faults, as a page is told of them.

use axum::Router;
use resil::{Error, control, timeout};

use crate::PROCESS;
use crate::client::{Events, serve};

#[timeout(50ms)]
async fn hit() -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn each_is_told_in_words_and_as_none_that_has_come_by_itself() {
    // A flood of other events would leave no room for these.
    let _alone = PROCESS.write().await;
    let to = serve(Router::new().merge(resil_panel::router())).await;
    let mut events = Events::open(to, "/api/events").await;
    events.heard().await;
    // It is known with its first call.
    hit().await.unwrap();
    let subject = format!("{}::hit", module_path!());
    let function = control().function(&subject);
    let faults = [
        ("delay", "injected: run 1 begins 1ms later"),
        ("error", "injected: an error in place of run 1"),
        ("hang", "injected: run 1 hangs"),
        ("panic", "injected: run 1 panics"),
        ("drop", "injected: the answer of run 1 is lost"),
    ];
    function.set("chaos.delay_for", "1ms").unwrap();
    for (fault, text) in faults {
        function.set(&format!("chaos.{fault}"), "100%").unwrap();
        // A panic ends its task alone.
        let _ = tokio::spawn(hit()).await;
        function.set(&format!("chaos.{fault}"), "off").unwrap();
        let told = events
            .find(|frame| {
                let mut all = frame["events"].as_array().unwrap().iter();
                all.find(|e| e["subject"] == *subject && e["text"] == text)
                    .cloned()
            })
            .await;
        assert_eq!(
            (&told["kind"], &told["level"]),
            (&"injected".into(), &"info".into())
        );
        assert!(told["call"].is_string(), "{told}");
    }
}
