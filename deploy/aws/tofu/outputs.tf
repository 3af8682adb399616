output "riva_host" {
  description = "RIVA_HOST"
  value       = var.public_address ? aws_instance.host.public_ip : aws_instance.host.private_ip
}

output "riva_port" {
  description = "RIVA_PORT, gRPC"
  value       = 50051
}

output "nim_http_port" {
  description = "NIM_HTTP_API_PORT; null for a legacy server"
  value       = var.server == "nim" ? 9000 : null
}

output "gateway_port" {
  description = "GATEWAY_PORT; null without a gateway"
  value       = var.gateway_image == "" ? null : 8080
}

output "server" {
  description = "nim or legacy"
  value       = var.server
}

output "instance_id" {
  description = "For aws ssm start-session --target"
  value       = aws_instance.host.id
}

output "region" {
  description = "AWS_REGION"
  value       = data.aws_region.here.name
}
