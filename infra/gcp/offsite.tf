# What infra/aws makes, as far as it is known beforehand: names follow from the account and the
# environment, so that neither of the two has to wait for the other. A test compares them.
locals {
  # The functions that go to Amazon, each by a role of its own.
  offsite_functions = ["replicate", "reconcile", "drill", "retention", "erase_offsite"]

  offsite = {
    versions = "custody-${var.environment}-${var.offsite_account}-versions"
    keysets  = "custody-${var.environment}-${var.offsite_account}-keysets"
  }

  role_of = { for name in local.offsite_functions : name => {
    CUSTODY_OFFSITE_ROLE = "arn:aws:iam::${var.offsite_account}:role/custody-${var.environment}-${replace(name, "_", "-")}"
  } }
}
