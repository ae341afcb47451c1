use std::cell::Cell;

use domain::dates::latest_ready_date;
use domain::{
    Amount, Anomaly, Eligibility, SourceAdoption, SourcePrice, Standing, Waiting, Walk, anomaly, standing,
};

use crate::support::{TODAY, account, accounts, adoption, amount, day};

fn with_status(status: Option<&str>) -> SourceAdoption {
    SourceAdoption { status: status.map(str::to_owned), ..adoption(1, "A", 1) }
}

fn with_price(price: SourcePrice) -> SourceAdoption {
    SourceAdoption { price, ..adoption(1, "A", 1) }
}

#[test]
fn a_status_rules_out_whatever_its_case() {
    let eligibility = Eligibility::default();
    for status in ["PENDING", "cancelled", "Refunded", "iNACTIVE"] {
        assert!(!eligibility.is_eligible(&with_status(Some(status))), "{status}");
    }
    for status in [None, Some("ACTIVE"), Some(""), Some("PENDING_REVIEW")] {
        assert!(eligibility.is_eligible(&with_status(status)), "{status:?}");
    }
    assert!(!Eligibility::new(["Überprüft"]).is_eligible(&with_status(Some("ÜBERPRÜFT"))));
    assert!(!eligibility.is_eligible(&SourceAdoption { deleted: true, ..with_status(Some("ACTIVE")) }));
}

#[test]
fn what_is_wrong_with_an_adoption_itself() {
    let dated = |date| SourceAdoption { adoption_date: day(date), ..adoption(1, "A", 1) };
    let priced = |text| with_price(SourcePrice::Priced(amount(text)));
    let table = [
        (adoption(1, "A", 1), None),
        (adoption(1, "A", 0), Some("TREE_COUNT: 0")),
        (adoption(1, "A", -3), Some("TREE_COUNT: -3")),
        (priced("0.0000000001"), None),
        (priced("9999999999.9999999999"), None),
        (priced("0"), Some("PRICE_NOT_POSITIVE: 0.0000000000")),
        (priced("-1.5"), Some("PRICE_NOT_POSITIVE: -1.5000000000")),
        (priced("10000000000"), Some("PRICE_UNSTORABLE: 10000000000.0000000000")),
        (with_price(SourcePrice::Unstorable("NaN".to_owned())), Some("PRICE_UNSTORABLE: NaN")),
        (dated("2000-01-01"), None),
        (dated("1999-12-31"), Some("ADOPTION_DATE: 1999-12-31")),
    ];
    for (source, reason) in table {
        let found = anomaly(&source).map(|anomaly| anomaly.to_string());
        assert_eq!(found.as_deref(), reason, "{source:?}");
    }
}

fn stands(source: &SourceAdoption, walk: Walk) -> Standing {
    let latest = latest_ready_date(day(TODAY), 1).expect("within the calendar");
    standing(source, &Eligibility::default(), latest, |_| walk)
}

#[test]
fn ineligible_wins_over_anomaly_and_anomaly_over_waiting() {
    let complete = || Walk::Complete(accounts(&["R"]));
    let future = SourceAdoption { adoption_date: day("2026-11-24"), ..adoption(1, "A", 1) };
    let broken = adoption(1, "A", 0);
    let out = |source: &SourceAdoption| SourceAdoption { deleted: true, ..source.clone() };

    assert_eq!(stands(&out(&broken), complete()), Standing::Ineligible);
    assert_eq!(stands(&out(&future), complete()), Standing::Ineligible);
    let missing = Walk::Missing(account("B"));
    assert_eq!(stands(&broken, missing), Standing::Anomaly(Anomaly::TreeCount(0)));
    let cycle = Standing::Anomaly(Anomaly::Cycle(account("A")));
    assert_eq!(stands(&future, Walk::Cycle(account("A"))), cycle);
    let date = Standing::Waiting(Waiting::Date(day("2026-11-24")));
    assert_eq!(stands(&future, complete()), date);
}

#[test]
fn an_adoption_waits_for_referrals_moves_and_its_date() {
    let source = adoption(1, "A", 1);
    let missing = Standing::Waiting(Waiting::MissingReferral(account("B")));
    assert_eq!(stands(&source, Walk::Missing(account("B"))), missing);
    let moves = Standing::Waiting(Waiting::Move(account("B")));
    assert_eq!(stands(&source, Walk::MoveFirst(account("B"))), moves);
    let tomorrow = SourceAdoption { adoption_date: day("2026-11-23"), ..source };
    let upline = accounts(&["R"]);
    assert_eq!(stands(&tomorrow, Walk::Complete(upline.clone())), Standing::Ready(upline));
}

#[test]
fn the_walk_begins_at_the_adopter_and_is_spared_where_it_cannot_matter() {
    let walked = Cell::new(0);
    let latest = day(TODAY);
    let judge = |source: &SourceAdoption| {
        standing(source, &Eligibility::default(), latest, |from| {
            assert_eq!(*from, source.account);
            walked.set(walked.get() + 1);
            Walk::Complete(vec![])
        })
    };
    judge(&adoption(1, "A", 0));
    judge(&SourceAdoption { deleted: true, ..adoption(1, "A", 1) });
    assert_eq!(walked.get(), 0);
    assert_eq!(judge(&adoption(1, "A", 1)), Standing::Ready(vec![]));
    assert_eq!(walked.get(), 1);
}

#[test]
fn ready_adoptions_stand_in_order_of_date_then_creation_then_id() {
    let source = |id, date: &str, created: Option<&str>| SourceAdoption {
        adoption_date: day(date),
        created_at: created.map(|at| at.parse().expect("an instant")),
        ..adoption(id, "A", 1)
    };
    let in_order = [
        source(9, "2026-01-01", Some("2026-01-05T00:00:00Z")),
        source(3, "2026-01-02", Some("2026-01-01T00:00:00Z")),
        source(4, "2026-01-02", Some("2026-01-01T00:00:00Z")),
        source(1, "2026-01-02", Some("2026-01-02T00:00:00Z")),
        source(2, "2026-01-02", None),
        source(5, "2026-01-02", None),
        source(0, "2026-01-03", Some("2025-01-01T00:00:00Z")),
    ];
    let mut sorted = in_order.to_vec();
    sorted.reverse();
    sorted.sort_by_key(SourceAdoption::pass_order);
    assert_eq!(sorted, in_order);
}

#[test]
fn reasons_name_their_facts() {
    let table = [
        (Waiting::MissingReferral(account("B")).to_string(), "MISSING_REFERRAL: B"),
        (Waiting::Move(account("B")).to_string(), "MOVE_FIRST: B"),
        (Waiting::Date(day("2030-01-01")).to_string(), "FUTURE_DATE: 2030-01-01"),
        (Anomaly::Cycle(account("B")).to_string(), "CYCLE: B"),
        (
            Anomaly::GrossLimit { distributed: amount("1"), base: Amount::from_units(1) }.to_string(),
            "GROSS_LIMIT: 1.0000000000 distributed, 0.0000000001 more",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(text, expected);
    }
}
