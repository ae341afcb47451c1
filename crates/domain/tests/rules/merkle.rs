//! The tree of a snapshot: every line is proven by the root alone, and nothing that was changed is.

use chrono::{Days, NaiveDate};
use domain::merkle::BLOCK_LEAVES;
use domain::{Amount, Hash, Leaf, Node, Proof, Ratio, StoredTree, SumTree, Unproven, apportion};
use proptest::prelude::*;

const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day of the calendar");

/// A snapshot and its tree.
struct Snapshot {
    lines: Vec<(String, Amount)>,
    ratios: Vec<Ratio>,
    root: Hash,
    blocks: Vec<Node>,
}

impl Snapshot {
    fn of(accounts: usize) -> Self {
        let units = |n: usize| (n as i128 % 977 + 1) * 1_130_850_000_001;
        let lines = (0..accounts).map(|n| (format!("D{n:08}"), Amount::from_units(units(n)))).collect();
        Self::from_lines(lines)
    }

    fn from_lines(lines: Vec<(String, Amount)>) -> Self {
        let ratios = apportion(&lines).expect("amounts above zero");
        let mut tree = SumTree::default();
        for ((account, amount), ratio) in lines.iter().zip(&ratios) {
            tree.push(&Leaf { account, amount: *amount, ratio: *ratio }).expect("a sum that fits");
        }
        let (root, blocks) = tree.finish(DAY).expect("a sum that fits");
        for (block, of_block) in blocks.iter().zip(lines.chunks(BLOCK_LEAVES)) {
            assert_eq!(block.first_account, of_block[0].0);
        }
        Self { lines, ratios, root, blocks: blocks.into_iter().map(|block| block.node).collect() }
    }

    fn block(&self, block: usize) -> Vec<Leaf<'_>> {
        let all = self.lines.iter().zip(&self.ratios);
        let leaves = all.map(|((account, amount), ratio)| Leaf { account, amount: *amount, ratio: *ratio });
        leaves.skip(block * BLOCK_LEAVES).take(BLOCK_LEAVES).collect()
    }

    fn prove(&self, index: usize) -> Proof {
        let (block, place) = (index / BLOCK_LEAVES, index % BLOCK_LEAVES);
        self.stored().open(block, &self.block(block)).expect("a sum that fits").prove(place).expect("a line")
    }

    fn stored(&self) -> StoredTree<'_> {
        StoredTree { date: DAY, leaves: self.lines.len() as u64, blocks: &self.blocks }
    }
}

#[test]
fn the_layout_is_the_one_that_is_documented() {
    // docs/snapshot-tree.md shows these same values; docs/examples/verify_proof.py computes them by itself
    let amount = |text| Amount::parse(text).expect("an amount");
    let lines = [("A", "15831.9"), ("B", "113.085"), ("SYS-CITY", "452.34")];
    let snapshot = Snapshot::from_lines(lines.map(|(name, text)| (name.to_owned(), amount(text))).into());
    let ratios: Vec<String> = snapshot.ratios.iter().map(Ratio::to_string).collect();
    assert_eq!(ratios, ["0.965517241379310345", "0.006896551724137931", "0.027586206896551724"]);
    let leaf = snapshot.block(0)[0].node().hash.to_string();
    assert_eq!(leaf, "451c9d40774131a6588e7890196a0e31e77b7c1a641b927a2a80284accb85558");
    assert_eq!(snapshot.root.to_string(), "8285aa477a156f4be708e6765df87a853c5a277b4878279f452af0044276a7c2");
    let (nothing, blocks) = SumTree::default().finish(DAY).expect("nothing fits");
    assert_eq!(
        (nothing.to_string().as_str(), blocks.len()),
        ("a8079384d7eaa8397e2272ba9d6d401e1f5cbfd78dcec6839e5c7b5ce05d59c6", 0)
    );
}

#[test]
fn every_line_of_a_hundred_thousand_is_proven() {
    let snapshot = Snapshot::of(100_000);
    let mut proven = 0;
    for block in 0..snapshot.blocks.len() {
        let lines = snapshot.block(block);
        let open = snapshot.stored().open(block, &lines).expect("a sum that fits");
        for place in 0..lines.len() {
            let proof = open.prove(place).expect("a line");
            assert_eq!(proof.verify(&snapshot.root), Ok(()), "{proof:?}");
            proven += 1;
        }
        assert_eq!(open.prove(lines.len()), None);
    }
    assert_eq!(proven, 100_000);
}

#[test]
fn trees_of_every_shape_prove_each_of_their_lines() {
    let few = 1..=40;
    let around_blocks = [1, 2, 3].map(|blocks| blocks * BLOCK_LEAVES).into_iter();
    for accounts in few.chain(around_blocks.flat_map(|whole| [whole - 1, whole, whole + 1, whole + 3])) {
        let snapshot = Snapshot::of(accounts);
        let step = if accounts < BLOCK_LEAVES { 1 } else { 61 };
        for index in (0..accounts).step_by(step).chain([accounts - 1]) {
            let proof = snapshot.prove(index);
            assert_eq!(proof.verify(&snapshot.root), Ok(()), "{index} of {accounts}");
            assert!(proof.siblings.len() <= 12);
        }
    }
}

/// Everything that can be changed in a proof, one thing at a time.
fn changed(proof: &Proof) -> Vec<Proof> {
    let with = |change: &dyn Fn(&mut Proof)| {
        let mut changed = proof.clone();
        change(&mut changed);
        changed
    };
    let unit = |amount: Amount| Amount::from_units(amount.units() + 1);
    let other = Hash::parse(&"7f".repeat(32)).expect("a hash");
    let mut all = vec![
        with(&|proof| proof.snapshot_date = proof.snapshot_date + Days::new(1)),
        with(&|proof| proof.merkle_root = other),
        with(&|proof| proof.account_count += 1),
        with(&|proof| proof.account_count -= 1),
        with(&|proof| proof.account_count *= 2),
        with(&|proof| proof.network_total_contribution = unit(proof.network_total_contribution)),
        with(&|proof| proof.index += 1),
        with(&|proof| proof.index ^= 1 << 5),
        with(&|proof| proof.index = u64::MAX),
        with(&|proof| proof.account_sequence.push('0')),
        with(&|proof| "D00000009".clone_into(&mut proof.account_sequence)),
        with(&|proof| proof.effective_contribution = unit(proof.effective_contribution)),
        with(&|proof| {
            proof.effective_contribution = unit(proof.effective_contribution);
            proof.network_total_contribution = unit(proof.network_total_contribution);
        }),
        with(&|proof| proof.effective_contribution = Amount::ZERO),
        with(&|proof| proof.contribution_ratio = Ratio::from_units(proof.contribution_ratio.units() + 1)),
        with(&|proof| _ = proof.siblings.pop()),
        with(&|proof| proof.siblings.clear()),
        with(&|proof| proof.siblings.push(proof.siblings[0])),
        with(&|proof| proof.siblings.reverse()),
    ];
    for place in 0..proof.siblings.len() {
        all.push(with(&|proof| proof.siblings[place].hash = other));
        all.push(with(&|proof| proof.siblings[place].sum = unit(proof.siblings[place].sum)));
        all.push(with(&|proof| {
            // two lies that cancel out in the total
            proof.siblings[place].sum = unit(proof.siblings[place].sum);
            proof.effective_contribution = Amount::from_units(proof.effective_contribution.units() - 1);
        }));
    }
    all
}

#[test]
fn nothing_that_was_changed_is_proven() {
    let snapshot = Snapshot::of(3 * BLOCK_LEAVES + 77);
    for index in [0, 1, 1023, 1024, 2500, 3 * BLOCK_LEAVES, 3 * BLOCK_LEAVES + 76] {
        let proof = snapshot.prove(index);
        for changed in changed(&proof) {
            assert_ne!(changed, proof);
            assert!(changed.verify(&snapshot.root).is_err(), "{changed:?}");
        }
    }
}

#[test]
fn sums_below_zero_or_beyond_all_bounds_prove_nothing() {
    // whoever made up a tree could hide a line behind a negative one: its root would hold, and its proofs must not
    let lines = [("A", 5), ("B", -3)].map(|(name, units)| (name.to_owned(), Amount::from_units(units)));
    let ratio = Ratio::ONE;
    let leaves: Vec<_> =
        lines.iter().map(|(account, amount)| Leaf { account, amount: *amount, ratio }).collect();
    let mut tree = SumTree::default();
    for leaf in &leaves {
        tree.push(leaf).expect("a sum that fits");
    }
    let (root, blocks) = tree.finish(DAY).expect("a sum that fits");
    let nodes: Vec<Node> = blocks.iter().map(|block| block.node).collect();
    let stored = StoredTree { date: DAY, leaves: 2, blocks: &nodes };
    let open = stored.open(0, &leaves).expect("a sum that fits");
    for place in [0, 1] {
        let proof = open.prove(place).expect("a line");
        assert_eq!((proof.merkle_root, proof.verify(&root)), (root, Err(Unproven::NotPositive)));
    }
    let mut proof = Snapshot::of(2).prove(0);
    proof.siblings[0].sum = Amount::from_units(i128::MAX);
    assert!(matches!(proof.verify(&proof.merkle_root), Err(Unproven::Amount(_))));
    let mut tree = SumTree::default();
    let greatest = Leaf { account: "A", amount: Amount::from_units(i128::MAX), ratio };
    assert!(tree.push(&greatest).is_ok() && tree.push(&Leaf { account: "B", ..greatest }).is_err());
}

#[test]
fn a_proof_is_json_with_text_for_all_that_must_be_exact() {
    let snapshot = Snapshot::of(3);
    let proof = snapshot.prove(1);
    let json = serde_json::to_value(&proof).expect("JSON");
    assert_eq!(json["merkleRoot"], snapshot.root.to_string());
    assert_eq!((&json["index"], &json["accountCount"]), (&1.into(), &3.into()));
    assert_eq!(
        (&json["accountSequence"], &json["snapshotDate"]),
        (&"D00000001".into(), &"2026-11-22".into())
    );
    assert_eq!(json["effectiveContribution"], "226.1700000002");
    assert_eq!(json["contributionRatio"], "0.333333333333333333");
    assert_eq!(json["siblings"][0]["sum"], "113.0850000001");
    assert_eq!(serde_json::from_value::<Proof>(json.clone()).expect("a proof"), proof);
    for (member, odd) in
        [("merkleRoot", "00"), ("contributionRatio", "1e-3"), ("effectiveContribution", "NaN")]
    {
        let mut json = json.clone();
        json[member] = odd.into();
        assert!(serde_json::from_value::<Proof>(json).is_err(), "{member}");
    }
}

proptest! {
    #[test]
    fn any_tree_proves_any_of_its_lines(
        units in proptest::collection::vec(1_i128..10_i128.pow(26), 1..60), any in any::<proptest::sample::Index>()
    ) {
        let lines = units.iter().enumerate();
        let snapshot =
            Snapshot::from_lines(lines.map(|(n, &units)| (format!("{n:02}"), Amount::from_units(units))).collect());
        let proof = snapshot.prove(any.index(units.len()));
        prop_assert_eq!(proof.verify(&snapshot.root), Ok(()));
        prop_assert_eq!(proof.network_total_contribution.units(), units.iter().sum::<i128>());
    }
}
