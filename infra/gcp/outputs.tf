output "settings" {
  description = "The settings of whoever runs the command line: docs/deploy.md."
  value       = merge(local.settings, { CUSTODY_SUBJECT = "" })
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
