output "identities" {
  description = "Whom infra/aws is to trust: the number of each identity that goes to Amazon."
  value       = { for name in local.offsite_functions : name => module.function[name].unique_id }
}

output "settings" {
  description = "The settings of whoever runs the command line: docs/deploy.md."
  value = merge(local.settings, {
    CUSTODY_SUBJECT      = ""
    CUSTODY_OFFSITE_ROLE = "" # people have AWS credentials of their own
    CUSTODY_RECOVERY_KEY = trimspace(var.recovery_key)
  })
}

output "share_with" {
  description = "Whom to share the shared drive with, and as what."
  value = {
    reader    = google_service_account.reader.email
    organizer = replace(module.function["erase_drive"].member, "serviceAccount:", "")
  }
}

output "urls" {
  description = "Where each function answers."
  value       = { for name, one in module.function : name => one.url }
}
