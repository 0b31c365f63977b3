# What the variables do not take. A plan of the whole is looked at by tests/infra.
variables {
  account     = "123456789012"
  environment = "prod"
  region      = "eu-central-1"

  identities = {
    drill         = "100000000000000000001"
    erase_offsite = "100000000000000000002"
    reconcile     = "100000000000000000003"
    replicate     = "100000000000000000004"
    retention     = "100000000000000000005"
  }
}

run "data_stays_in_europe" {
  command = plan

  variables {
    region = "us-east-1"
  }

  expect_failures = [var.region]
}

run "what_is_locked_can_still_be_erased_in_time" {
  command = plan

  variables {
    lock_days = 30
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

run "an_address_may_belong_to_another_tomorrow" {
  command = plan

  variables {
    identities = {
      drill         = "100000000000000000001"
      erase_offsite = "100000000000000000002"
      reconcile     = "100000000000000000003"
      replicate     = "custody-replicate@sample-project.iam.gserviceaccount.com"
      retention     = "100000000000000000005"
    }
  }

  expect_failures = [var.identities]
}

run "no_two_functions_are_one" {
  command = plan

  variables {
    identities = {
      drill         = "100000000000000000001"
      erase_offsite = "100000000000000000002"
      reconcile     = "100000000000000000003"
      replicate     = "100000000000000000004"
      retention     = "100000000000000000001"
    }
  }

  expect_failures = [var.identities]
}

run "nobody_else_comes_here" {
  command = plan

  variables {
    identities = {
      capture       = "100000000000000000000"
      drill         = "100000000000000000001"
      erase_offsite = "100000000000000000002"
      reconcile     = "100000000000000000003"
      replicate     = "100000000000000000004"
      retention     = "100000000000000000005"
    }
  }

  expect_failures = [var.identities]
}

run "ids_are_ids" {
  command = plan

  variables {
    account     = "1234-5678-9012"
    environment = "Prod"
  }

  expect_failures = [var.account, var.environment]
}
