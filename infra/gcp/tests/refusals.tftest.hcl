# What the variables do not take. A plan of the whole is looked at by tests/infra.
variables {
  alert_emails    = ["oncall@example.com"]
  archive         = "versions.tf"
  drive_id        = "0ASampleSharedDrive"
  environment     = "prod"
  offsite_account = "123456789012"
  offsite_region  = "eu-central-1"
  operators       = "operators@example.com"
  project         = "sample-project"
  region          = "europe-west3"
  restorers       = "restorers@example.com"
  runbook         = "https://example.com/docs/runbook.md"
}

run "data_stays_in_europe" {
  command = plan

  variables {
    region = "us-central1"
  }

  expect_failures = [var.region]
}

run "one_region_is_no_multi_region" {
  command = plan

  variables {
    region = "europe"
  }

  expect_failures = [var.region]
}

run "somebody_must_be_told" {
  command = plan

  variables {
    alert_emails = []
  }

  expect_failures = [var.alert_emails]
}

run "a_budget_tells_five_at_most" {
  command = plan

  variables {
    alert_emails = ["a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com", "f@example.com"]
  }

  expect_failures = [var.alert_emails]
}

run "not_everybody_asks_for_erasures" {
  command = plan

  variables {
    deletion_requesters = ["allUsers"]
  }

  expect_failures = [var.deletion_requesters]
}

run "a_report_lives_for_a_day" {
  command = plan

  variables {
    report_days = 0
  }

  expect_failures = [var.report_days]
}

run "restorers_are_a_group_of_their_own" {
  command = plan

  variables {
    restorers = "operators@example.com"
  }

  expect_failures = [var.restorers]
}

run "the_law_gives_a_month" {
  command = plan

  variables {
    erasure_deadline_days = 31
  }

  expect_failures = [var.erasure_deadline_days]
}

run "the_audit_outlives_every_replay" {
  command = plan

  variables {
    audit_retention_days = 30
  }

  expect_failures = [var.audit_retention_days]
}

run "ids_are_ids" {
  command = plan

  variables {
    billing_account = "billing"
    drive_id        = "My Drive"
    environment     = "Prod"
    project         = "p"
    runbook         = "runbook.md"
  }

  expect_failures = [
    var.billing_account, var.drive_id, var.environment, var.project, var.runbook,
  ]
}

run "what_is_locked_can_still_be_erased_in_time" {
  command = plan

  variables {
    erasure_deadline_days = 14
    lock_days             = 14
  }

  expect_failures = [var.lock_days]
}

run "a_lock_is_of_a_mode_that_s3_knows" {
  command = plan

  variables {
    lock_mode = "governance"
  }

  expect_failures = [var.lock_mode]
}

run "a_second_copy_stays_in_europe" {
  command = plan

  variables {
    offsite_account = "1234-5678-9012"
    offsite_region  = "us-east-1"
  }

  expect_failures = [var.offsite_account, var.offsite_region]
}

run "the_private_half_of_the_recovery_key_is_not_taken" {
  command = plan

  variables {
    recovery_key = "{\"primaryKeyId\": 1, \"key\": [{\"keyData\": {\"typeUrl\": \"type.googleapis.com/google.crypto.tink.HpkePrivateKey\"}}]}"
  }

  expect_failures = [var.recovery_key]
}

run "a_recovery_key_is_a_key" {
  command = plan

  variables {
    recovery_key = "recovery.key"
  }

  expect_failures = [var.recovery_key]
}
