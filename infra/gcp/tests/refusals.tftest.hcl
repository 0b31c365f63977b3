# What the variables do not take. A plan of the whole is looked at by tests/infra.
variables {
  alert_emails = ["oncall@example.com"]
  archive      = "versions.tf"
  drive_id     = "0ASampleSharedDrive"
  environment  = "prod"
  operators    = "operators@example.com"
  project      = "sample-project"
  region       = "europe-west3"
  restorers    = "restorers@example.com"
  runbook      = "https://example.com/docs/runbook.md"
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
