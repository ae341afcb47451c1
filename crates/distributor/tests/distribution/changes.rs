//! What happens when upstream changes something that was numbered (RULES section 3).

use testkit::synced::{self, Adoption};

use crate::stage::{Stage, today};

const JOURNAL: &str =
    "SELECT concat_ws(' ', kind, account_sequence, tree_count, contribution_per_tree, reverses_seq,
    referrer_before, referrer_after) FROM distribution_journal ORDER BY distribution_seq";

/// A ← B, both adopted once.
async fn two_adopted() -> anyhow::Result<(Stage, Adoption)> {
    let mut stage = Stage::new().await?;
    synced::referral(stage.pool(), "A", None).await?;
    synced::referral(stage.pool(), "B", Some("A")).await?;
    synced::adoption(stage.pool(), &Adoption::new("A", today(), 1)).await?;
    let adoption = Adoption::new("B", today(), 2);
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    Ok((stage, adoption))
}

async fn last_entries(stage: &Stage) -> anyhow::Result<Vec<String>> {
    Ok(stage.texts(JOURNAL).await?.split_off(2))
}

#[tokio::test]
async fn cancelled_then_eligible_again() -> anyhow::Result<()> {
    let (mut stage, mut adoption) = two_adopted().await?;
    adoption.status = Some("REFUNDED".to_owned());
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(last_entries(&stage).await?, ["REVERSE B 1 22617.0000000000 2"]);
    let marks = "SELECT concat_ws(' ', distribution_state, distribution_reason, contribution_distributed)
        FROM synced_adoptions WHERE account_sequence = 'B'";
    assert_eq!(stage.text(marks).await?, "reversed STATUS: REFUNDED f");
    let unlocked =
        "SELECT concat_ws(' ', has_adopted, direct_referral_adopted_count) FROM contribution_accounts
        WHERE account_sequence = $1";
    let of = |account: &'static str| {
        sqlx::query_scalar::<_, String>(unlocked).bind(account).fetch_one(stage.pool())
    };
    assert_eq!((of("A").await?, of("B").await?), ("t 0".to_owned(), "f 0".to_owned()));

    adoption.status = Some("ACTIVE".to_owned());
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(last_entries(&stage).await?.split_off(1), ["DISTRIBUTE B 1 22617.0000000000"]);
    assert_eq!(stage.text(marks).await?, "distributed t");
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn what_is_eligible_again_comes_before_first_adoptions_of_earlier_dates() -> anyhow::Result<()> {
    let (mut stage, mut adoption) = two_adopted().await?;
    adoption.status = Some("REFUNDED".to_owned());
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;

    let earlier = adoption.date.pred_opt().unwrap();
    synced::adoption(stage.pool(), &synced::Adoption::new("A", earlier, 0)).await?;
    adoption.status = Some("ACTIVE".to_owned());
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(
        last_entries(&stage).await?.split_off(1),
        ["DISTRIBUTE B 1 22617.0000000000", "DISTRIBUTE A 1 22617.0000000000"]
    );
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn an_amendment_is_reversed_and_distributed_anew_in_one_pass() -> anyhow::Result<()> {
    let (mut stage, mut adoption) = two_adopted().await?;
    adoption.trees = 3;
    synced::adoption(stage.pool(), &adoption).await?;
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(
        last_entries(&stage).await?,
        ["REVERSE B 1 22617.0000000000 2", "DISTRIBUTE B 3 22617.0000000000"]
    );
    let trees = stage.text("SELECT network_trees::text FROM sequencer_state").await?;
    assert_eq!(trees, "4", "only the trees beyond the largest earlier count are added");
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn back_to_the_same_is_no_change() -> anyhow::Result<()> {
    let (mut stage, adoption) = two_adopted().await?;
    synced::adoption(stage.pool(), &Adoption { trees: 9, ..adoption.clone() }).await?;
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(last_entries(&stage).await?, [""; 0]);
    stage.close().await
}

#[tokio::test]
async fn an_amendment_that_cannot_stand_is_only_reversed() -> anyhow::Result<()> {
    let (mut stage, mut adoption) = two_adopted().await?;
    adoption.trees = -1;
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(last_entries(&stage).await?, ["REVERSE B 1 22617.0000000000 2"]);
    let backlog = stage.text("SELECT concat_ws(' ', state, reason) FROM sequencer_backlog").await?;
    assert_eq!(backlog, "anomaly TREE_COUNT: -1");
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn a_price_that_is_taken_away_stands_with_a_warning() -> anyhow::Result<()> {
    let (mut stage, mut adoption) = two_adopted().await?;
    adoption.price = Some("30000.1234567891".parse()?);
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    adoption.price = None;
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(
        last_entries(&stage).await?,
        ["REVERSE B 1 22617.0000000000 2", "DISTRIBUTE B 1 30000.1234567891"]
    );
    let warning = stage.text("SELECT warning FROM synced_adoptions WHERE account_sequence = 'B'").await?;
    assert_eq!(warning, "PRICE_TAKEN_AWAY: 30000.1234567891 stands");
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn a_move_comes_before_what_depends_on_it() -> anyhow::Result<()> {
    let (mut stage, _) = two_adopted().await?;
    synced::referral(stage.pool(), "N", None).await?;
    synced::referral(stage.pool(), "B", Some("N")).await?;
    synced::adoption(stage.pool(), &Adoption::new("B", today(), 3)).await?;
    stage.settle().await?;
    assert_eq!(last_entries(&stage).await?, ["REFERRAL_MOVE B A N", "DISTRIBUTE B 1 22617.0000000000"]);
    let effects = stage
        .text("SELECT concat(effect_accounts, effect_live, effect_directs) FROM distribution_journal WHERE distribution_seq = 3")
        .await?;
    assert_eq!(effects, "{A,N}{1,0}{0,1}");
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn a_deleted_referral_is_no_move_but_makes_adoptions_wait() -> anyhow::Result<()> {
    let (mut stage, _) = two_adopted().await?;
    synced::delete_referral(stage.pool(), "B").await?;
    synced::adoption(stage.pool(), &Adoption::new("B", today(), 3)).await?;
    stage.settle().await?;
    assert_eq!(last_entries(&stage).await?, [""; 0]);
    let backlog = stage.text("SELECT concat_ws(' ', state, reason) FROM sequencer_backlog").await?;
    assert_eq!(backlog, "waiting MISSING_REFERRAL: B");
    stage.close().await
}

#[tokio::test]
async fn a_move_that_would_close_a_cycle_is_tried_again() -> anyhow::Result<()> {
    let (mut stage, _) = two_adopted().await?;
    // Upstream turns A ← B around; A's move is seen while B's is not.
    synced::referral(stage.pool(), "A", Some("B")).await?;
    stage.settle().await?;
    assert_eq!(last_entries(&stage).await?, [""; 0]);
    synced::referral(stage.pool(), "B", None).await?;
    stage.settle().await?;
    assert_eq!(last_entries(&stage).await?, ["REFERRAL_MOVE B A", "REFERRAL_MOVE A B"]);
    stage.audit().await?;
    stage.close().await
}
