use domain::Plan;
use proptest::prelude::*;

#[test]
fn levels_by_the_table_of_the_rules() {
    let unlock = Plan::seed().unlock;
    let table = [(0, 0), (1, 5), (2, 5), (3, 10), (4, 10), (5, 15), (6, 15), (u32::MAX, 15)];
    for (directs, depth) in table {
        assert_eq!(unlock.level_depth(directs), depth, "{directs} directs");
    }
}

#[test]
fn one_tier_for_having_adopted_one_for_two_directs_one_for_four() {
    let unlock = Plan::seed().unlock;
    let table = [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (u32::MAX, 2)];
    for (directs, tiers) in table {
        assert_eq!(unlock.bonus_tiers(false, directs), tiers, "{directs} directs");
        assert_eq!(unlock.bonus_tiers(true, directs), tiers + 1, "{directs} directs, adopted");
    }
}

proptest! {
    #[test]
    fn more_directs_never_unlock_less(plan in crate::properties::any_plan(), a in 0_u32..60, b in 0_u32..60) {
        let (fewer, more) = (a.min(b), a.max(b));
        prop_assert!(plan.unlock.level_depth(fewer) <= plan.unlock.level_depth(more));
        for adopted in [false, true] {
            prop_assert!(plan.unlock.bonus_tiers(adopted, fewer) <= plan.unlock.bonus_tiers(adopted, more));
            prop_assert!(plan.unlock.bonus_tiers(adopted, more) <= 3);
        }
        prop_assert!(plan.unlock.level_depth(more) <= 15);
        prop_assert!(plan.unlock.bonus_tiers(false, a) <= plan.unlock.bonus_tiers(true, a));
    }
}
