//! What becomes of a row, in whatever order Kafka brings its changes. Numbers of lines are those of the captures' table.

use persistence::PgPool;
use testkit::database::TestDatabase;

use crate::common::expected::{check, dump};
use crate::common::stack::number;
use crate::common::{Consumer, Line, Log, TABLES, capture};

const OPEN: &str = "SELECT count(*) FROM cdc_dead_letters WHERE resolved_at IS NULL";
const LIVE_USERS: &str =
    "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NULL AND NOT displaced";

/// A consumer and the partitions that it reads, for messages one after another.
#[derive(Default)]
struct Stream {
    log: Log,
    consumer: Consumer,
}

impl Stream {
    /// Appends `lines` and reads them, a topic in one batch.
    async fn read(&mut self, pool: &PgPool, lines: &[Line]) {
        for line in lines {
            self.log.append(line.clone());
        }
        self.consumer.consume_all(pool, &self.log).await;
    }

    /// The same, each message in a batch of its own.
    async fn read_singly(&mut self, pool: &PgPool, lines: &[Line]) {
        for line in lines {
            self.read(pool, std::slice::from_ref(line)).await;
        }
    }
}

/// The lines of `numbers`, in that order.
fn pick(lines: &[Line], numbers: &[usize]) -> Vec<Line> {
    numbers.iter().map(|number| lines[number - 1].clone()).collect()
}

/// The lines that tell of the same row as line `number`, up to and with it.
fn history(lines: &[Line], number: usize) -> Vec<Line> {
    let (topic, key) = (&lines[number - 1].topic, &lines[number - 1].key);
    lines[..number].iter().filter(|line| line.topic == *topic && line.key == *key).cloned().collect()
}

async fn text(pool: &PgPool, query: &str) -> Option<String> {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn trap_01_an_update_from_a_transaction_open_during_the_snapshot_wins() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for name in ["a", "b", "d"] {
        let lines = capture(name);
        // the whole snapshot, and the transaction that was open: an insert, an update, a delete
        let taken = [&lines[..90], &lines[91..93], &lines[94..95]].concat();
        for singly in [false, true] {
            let mut stream = Stream::default();
            if singly {
                stream.read(pool, &taken[..90]).await;
                stream.read_singly(pool, &taken[90..]).await;
            } else {
                stream.read(pool, &taken).await;
            }
            check(pool, &taken, name).await;
            let status = "SELECT status FROM synced_users WHERE account_sequence = 'D26112000005'";
            assert_eq!(text(pool, status).await.as_deref(), Some("T3"), "{name}");
            let deleted = "SELECT count(*) FROM synced_adoptions WHERE source_deleted_at IS NOT NULL";
            assert_eq!(number(pool, deleted).await, 1, "{name}");
            database.empty().await.unwrap();
        }
    }
    database.close().await.unwrap();
}

/// The key of user 8 changes in a transaction that is open during the snapshot: `d` and `c` have an lsn below the
/// snapshot's, and the new row's partition is read first.
#[tokio::test]
async fn trap_01_a_key_change_open_during_the_snapshot_leaves_the_new_row() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let snapshot = history(&lines, 192)[0].clone();
    let (delete, create) = (lines[192 - 1].at_lsn(27_129_776), lines[194 - 1].at_lsn(27_129_776));
    assert_eq!((snapshot.partition, create.partition), (1, 0));
    let orders =
        [[&create, &snapshot, &delete], [&snapshot, &create, &delete], [&snapshot, &delete, &create]];
    for order in orders {
        for cut in [0, 1, 2] {
            let mut stream = Stream::default();
            let order = order.map(Line::clone);
            stream.read_singly(pool, &order[..cut]).await;
            stream.read(pool, &order[cut..]).await;
            let id = "SELECT string_agg(original_user_id::text, ' ') FROM synced_users
                      WHERE source_deleted_at IS NULL AND NOT displaced";
            assert_eq!(text(pool, id).await.as_deref(), Some("be5d0b7f-9b05-50ad-9ae7-fe30315ebbb4"));
            assert_eq!(number(pool, OPEN).await, 0);
            database.empty().await.unwrap();
        }
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn trap_03_a_window_sent_again_at_new_offsets_changes_nothing() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let mut stream = Stream::default();
    stream.read(pool, &lines[..289]).await;
    stream.read(pool, &lines[289..]).await;
    check(pool, &lines, "with the window that the connector sent again").await;
    let mut before = Vec::new();
    for table in ["synced_users", "synced_adoptions", "synced_referrals"] {
        before.push((table, dump(pool, table).await));
    }
    let (queued, letters) = (
        "SELECT count(*) FROM sequencer_queue",
        "SELECT count(*) FROM cdc_dead_letters
        WHERE error_code <> 'date_range'",
    );
    let counts = (number(pool, queued).await, number(pool, letters).await, number(pool, OPEN).await);
    // all that was streamed, from the first event after the snapshot to the last
    let is_streamed =
        |line: &&Line| line.value.as_ref().is_none_or(|value| value.contains(r#""snapshot":"false""#));
    let streamed: Vec<Line> = lines.iter().filter(is_streamed).cloned().collect();
    let read: Vec<Line> = streamed.into_iter().filter(|line| TABLES.contains(&line.topic.as_str())).collect();
    for window in [&read[read.len() - 20..], &read[..]] {
        stream.read(pool, window).await;
    }
    for (table, dumped) in before {
        assert_eq!(dump(pool, table).await, dumped, "{table}");
    }
    let after = (number(pool, queued).await, number(pool, letters).await, number(pool, OPEN).await);
    assert_eq!(after, counts, "nothing for the sequencer, nothing put aside but what was refused before");
    database.close().await.unwrap();
}

#[tokio::test]
async fn trap_04_a_create_sent_again_after_delete_and_tombstone_stays_deleted() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    // created at line 213, updated at 214, deleted at 216, tombstone at 217; then create and update again
    for singly in [false, true] {
        let mut stream = Stream::default();
        let again = pick(&lines, &[213, 214, 216, 217, 213, 214]);
        if singly {
            stream.read_singly(pool, &again).await;
        } else {
            stream.read(pool, &again).await;
        }
        let deleted = "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NOT NULL";
        // what came and went within one batch was never there
        assert_eq!(number(pool, deleted).await, 1, "{singly}");
        assert_eq!(number(pool, LIVE_USERS).await, 0, "{singly}");
        database.empty().await.unwrap();
    }
    database.close().await.unwrap();
}

/// A referral with a path upstream, and an update that leaves the path out as unchanged.
fn toasted() -> (Line, Line) {
    let lines = capture("a");
    let create = lines[106 - 1].clone();
    let update = lines.iter().find(|line| {
        line.key == create.key && line.value.as_ref().is_some_and(|value| value.contains(r#""op":"u""#))
    });
    let path = r#""ancestor_path":"D26112000001""#;
    let update = update.unwrap().with(path, r#""ancestor_path":"__debezium_unavailable_value""#);
    (create, update)
}

const PATH: &str = "SELECT source_ancestor_path FROM synced_referrals WHERE source_depth = 2";

#[tokio::test]
async fn trap_05_an_update_without_the_toasted_value_keeps_the_stored_one() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let (create, update) = toasted();
    Stream::default().read_singly(pool, &[create, update.clone()]).await;
    assert_eq!(text(pool, PATH).await.as_deref(), Some("/D26112000001/"));
    database.empty().await.unwrap();

    // none is stored: the path is only compared, so the row is, and never with the placeholder
    Stream::default().read(pool, std::slice::from_ref(&update)).await;
    assert_eq!(text(pool, PATH).await, None);
    database.empty().await.unwrap();

    // a value that is needed is not made up: the row is put aside until its next change tells it
    let hidden = r#""referrer_account_sequence":"__debezium_unavailable_value""#;
    let needy = update.with(r#""referrer_account_sequence":"D26112000002""#, hidden);
    let mut stream = Stream::default();
    stream.read(pool, &[needy]).await;
    let codes = "SELECT string_agg(error_code, ' ') FROM cdc_dead_letters WHERE resolved_at IS NULL";
    assert_eq!(text(pool, codes).await.as_deref(), Some("incomplete"));
    assert_eq!(number(pool, "SELECT count(*) FROM synced_referrals").await, 0);
    stream.read(pool, &[update]).await;
    assert_eq!(number(pool, OPEN).await, 0);
    database.close().await.unwrap();
}

#[tokio::test]
async fn trap_06_create_and_update_with_a_placeholder_in_one_batch() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let (create, update) = toasted();
    Stream::default().read(pool, &[create, update]).await;
    assert_eq!(text(pool, PATH).await.as_deref(), Some("/D26112000001/"));
    // as captured, in a column that is not kept
    Stream::default().read(pool, &pick(&capture("a"), &[213, 214])).await;
    let status = "SELECT status FROM synced_users WHERE account_sequence = 'D26112000120'";
    assert_eq!(text(pool, status).await.as_deref(), Some("SAME TX"));
    database.close().await.unwrap();
}

#[tokio::test]
async fn trap_07_interleaved_transactions_keep_each_rows_order_though_the_lsn_falls() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for (name, first, last) in [("a", 127, 141), ("b", 127, 141), ("d", 127, 140)] {
        let lines = capture(name);
        let mut stream = Stream::default();
        stream.read(pool, &lines[..first]).await;
        stream.read_singly(pool, &lines[first..last]).await;
        check(pool, &lines[..last], name).await;
        let written = "SELECT count(*) FROM synced_users WHERE status IN ('TX-A', 'TX-B')";
        assert_eq!(number(pool, written).await, 12, "{name}");
        database.empty().await.unwrap();
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn trap_08_rows_of_a_copy_share_an_lsn_and_are_all_stored() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for name in ["a", "b", "d"] {
        let lines = capture(name);
        Stream::default().read(pool, &lines[140..191]).await;
        let copied = "SELECT count(*) FROM synced_adoptions WHERE status = 'COPIED'";
        assert_eq!(number(pool, copied).await, 50, "{name}");
        let lsns = "SELECT count(DISTINCT source_sequence_num) FROM synced_adoptions WHERE status = 'COPIED'";
        assert_eq!(number(pool, lsns).await, 2, "{name}");
        database.empty().await.unwrap();
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn trap_09_an_incremental_snapshot_row_is_taken_in_kafkas_order() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for (name, incremental) in [("a", 233..=270), ("b", 233..=270), ("d", 224..=261)] {
        let lines = capture(name);
        let incremental = &lines[incremental.start() - 1..*incremental.end()];
        // the stream is lost but for the snapshot; what the incremental one reads repairs it
        let mut stream = Stream::default();
        stream.read(pool, &lines[..30]).await;
        stream.read(pool, incremental).await;
        let status = "SELECT status FROM synced_users WHERE account_sequence = 'D26112000030'";
        assert_eq!(text(pool, status).await.as_deref(), Some("TOAST KEPT"), "{name}");
        // what streams after it wins, and what is sent again from before it does not: it has the row's version
        database.empty().await.unwrap();
        let mut stream = Stream::default();
        stream.read(pool, &lines).await;
        stream.read(pool, incremental).await;
        let changed = "SELECT status FROM synced_users WHERE account_sequence = 'D26112000005'";
        stream.read(pool, &lines[92..93]).await;
        assert_eq!(text(pool, changed).await.as_deref(), Some("T3"), "{name}");
        database.empty().await.unwrap();
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn trap_12_a_raised_epoch_comes_before_the_lsn() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    // deleted at line 216; what is sent again from before it changes nothing
    let mut stream = Stream::default();
    stream.read_singly(pool, &pick(&lines, &[213, 216, 217, 213])).await;
    assert_eq!((number(pool, LIVE_USERS).await, number(pool, OPEN).await), (0, 0));
    // on another server the same row is created with a lower lsn
    let raised = "INSERT INTO cdc_watermarks (source, source_epoch) VALUES ('upstream', 1)";
    sqlx::query(raised).execute(pool).await.unwrap();
    stream.read(pool, &pick(&lines, &[213])).await;
    assert_eq!(number(pool, LIVE_USERS).await, 1);
    assert_eq!(number(pool, "SELECT source_epoch::bigint FROM synced_users").await, 1);
    database.close().await.unwrap();
}

/// A transaction of another server, whose log starts lower: every change of it is put aside, in whatever batches they come.
#[tokio::test]
async fn trap_12_no_change_of_a_log_that_fell_is_dropped_silently() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let later = |line: &Line, lsn| {
        let time = r#""ts_ms":17953534"#;
        line.with(time, r#""ts_ms":17954534"#).at_lsn(lsn).with(r#""status":"#, r#""level":8,"status":"#)
    };
    // two users of one partition, and both again in one transaction elsewhere
    let before = pick(&lines, &[133, 140]);
    let fallen = [later(&before[0], 1_000), later(&before[1], 1_100), later(&before[0], 1_200)];
    for singly in [false, true] {
        let mut stream = Stream::default();
        stream.read(pool, &before).await;
        if singly {
            stream.read_singly(pool, &fallen).await;
        } else {
            stream.read(pool, &fallen).await;
        }
        let codes = "SELECT string_agg(error_code, ' ') FROM cdc_dead_letters WHERE resolved_at IS NULL";
        assert_eq!(text(pool, codes).await.as_deref(), Some("lsn_fell lsn_fell lsn_fell"), "{singly}");
        database.empty().await.unwrap();
    }
    database.close().await.unwrap();
}

/// Two users exchange their accounts in one transaction, by way of a third name, as upstream's constraint demands it: three
/// changes of capture a's rows 11 and 12, on two partitions.
fn swap() -> ([Line; 2], [Line; 2], Line) {
    let lines = capture("a");
    let (eleven, twelve) = (lines[133 - 1].clone(), lines[136 - 1].clone());
    assert_ne!(eleven.partition, twelve.partition);
    let named = |line: &Line, from: &str, to: &str, lsn: i64| line.with(from, to).at_lsn(lsn);
    let out = named(&eleven, "D26112000011", "D26112000999", 27_170_000);
    let taken = named(&twelve, "D26112000012", "D26112000011", 27_170_100);
    let back = named(&eleven, "D26112000011", "D26112000012", 27_170_200);
    ([eleven, twelve], [out, back], taken)
}

const TAKEN: &str =
    "SELECT count(*) FROM cdc_dead_letters WHERE error_code = 'unique_taken' AND resolved_at IS NULL";

#[tokio::test]
async fn trap_23_a_swapped_account_goes_to_the_later_change_and_the_other_row_waits() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let (before, [out, back], taken) = swap();
    let both = "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NULL AND NOT displaced
                AND (original_user_id, account_sequence) IN (('25943c95-cb98-5ca7-8eb5-02d582af0d98', 'D26112000012'),
                                                             ('1211e016-ec20-507a-897a-72be283dd3e4', 'D26112000011'))";
    // each way in which two partitions can be read, and each way to cut it into batches
    let orders = [[&out, &back, &taken], [&out, &taken, &back], [&taken, &out, &back]];
    for order in orders {
        for cuts in 0..4_u8 {
            let mut stream = Stream::default();
            stream.read(pool, &before).await;
            let mut batch = Vec::new();
            for (turn, line) in order.iter().enumerate() {
                batch.push((*line).clone());
                if cuts & (1 << turn) != 0 || turn == 2 {
                    stream.read(pool, &std::mem::take(&mut batch)).await;
                }
            }
            assert_eq!((number(pool, both).await, number(pool, OPEN).await), (2, 0), "{cuts}");
            database.empty().await.unwrap();
        }
    }
    // the one whose account was taken waits for its own change, visibly
    let mut stream = Stream::default();
    stream.read(pool, &before).await;
    stream.read(pool, &[taken]).await;
    assert_eq!((number(pool, TAKEN).await, number(pool, LIVE_USERS).await), (1, 1));
    stream.read(pool, &[out]).await;
    assert_eq!((number(pool, TAKEN).await, number(pool, LIVE_USERS).await), (0, 2));
    database.close().await.unwrap();
}

#[tokio::test]
async fn trap_23_a_key_change_may_come_in_either_order() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    // d and c of one change on two partitions
    for (delete, create) in [(192, 194), (216, 218)] {
        for order in [[delete, create], [create, delete]] {
            let mut stream = Stream::default();
            let mut before = history(&lines, delete);
            before.pop();
            assert!(!before.is_empty(), "{delete}");
            stream.read(pool, &before).await;
            stream.read_singly(pool, &pick(&lines, &order)).await;
            let deleted =
                "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NOT NULL AND NOT displaced";
            assert_eq!((number(pool, LIVE_USERS).await, number(pool, deleted).await), (1, 1), "{order:?}");
            assert_eq!(number(pool, OPEN).await, 0, "{order:?}");
            let taken = "SELECT count(*) FROM cdc_dead_letters WHERE error_code = 'unique_taken'";
            assert_eq!(number(pool, taken).await, i64::from(order[0] == create), "{order:?}");
            database.empty().await.unwrap();
        }
    }
    database.close().await.unwrap();
}

/// What was refused stays open until a later message tells the row's state, however the two are cut into batches.
#[tokio::test]
async fn a_dead_letter_is_closed_by_a_later_message_and_not_by_an_earlier_one() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let (create, update) = (lines[99 - 1].clone(), lines[109 - 1].clone());
    let bad = update.with(r#""account_sequence":"D26112000102""#, r#""account_sequence":"SYS-102""#);
    for singly in [false, true] {
        for (order, open) in [([&create, &bad, &update], 0), ([&create, &update, &bad], 1)] {
            let mut stream = Stream::default();
            let order = order.map(Line::clone);
            if singly {
                stream.read_singly(pool, &order).await;
            } else {
                stream.read(pool, &order).await;
            }
            assert_eq!(number(pool, OPEN).await, open, "singly: {singly}");
            database.empty().await.unwrap();
        }
    }
    database.close().await.unwrap();
}
