CREATE TABLE etl.dialect (
    account_key integer     NOT NULL,
    question    text        NOT NULL,
    answer      text        NULL,
    evidence    text        NOT NULL,
    asked_at    timestamptz NOT NULL,
    CONSTRAINT dialect_pk          PRIMARY KEY (account_key, question),
    CONSTRAINT dialect_account_fk  FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT dialect_question_ck CHECK (question <> ''),
    CONSTRAINT dialect_answer_ck   CHECK (answer <> '')
);

COMMENT ON TABLE  etl.dialect             IS 'answers. How a vendor speaks to an account where its documents leave that open, as questions have settled it. One line for each question.';
COMMENT ON COLUMN etl.dialect.account_key IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.dialect.question    IS 'name. What was to be settled: paths, sms_user, msg_type_default, days_90, aggregate, sent, count.';
COMMENT ON COLUMN etl.dialect.answer      IS 'text. The answer in a few words. NULL when the answers do not tell.';
COMMENT ON COLUMN etl.dialect.evidence    IS 'text. What was asked, and what came back.';
COMMENT ON COLUMN etl.dialect.asked_at    IS 'time. When it was asked.';

SELECT etl.grant_roles();
