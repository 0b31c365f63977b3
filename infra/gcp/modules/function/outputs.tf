output "member" {
  description = "Its identity, as grants name it."
  value       = google_service_account.this.member
}

output "unique_id" {
  description = "The number of its identity, by which others know it than Google."
  value       = google_service_account.this.unique_id
}

output "url" {
  description = "Where it answers, once whoever may call it can."
  value       = google_cloudfunctions2_function.this.service_config[0].uri

  depends_on = [
    google_cloud_run_v2_service_iam_member.invoker,
    google_cloud_run_v2_service_iam_member.world,
  ]
}
