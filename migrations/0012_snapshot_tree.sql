-- What is stored of a snapshot's Merkle sum tree (docs/snapshot-tree.md): the node over each block of 1,024 lines, in
-- byte order of the account.
CREATE TABLE snapshot_tree_blocks (
    snapshot_date DATE NOT NULL,
    block BIGINT NOT NULL,                               -- from 0
    first_account VARCHAR(20) COLLATE "C" NOT NULL,
    hash BYTEA NOT NULL,
    sum DECIMAL(30, 10) NOT NULL,
    PRIMARY KEY (snapshot_date, block)
);
