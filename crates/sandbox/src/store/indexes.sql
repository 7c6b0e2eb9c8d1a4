-- What the API filters and orders by, and what belongs to what. The orders carry what is often filtered by beside them,
-- so that going along one reads no row.

CREATE INDEX investors_entity ON investors (entity_id);
CREATE INDEX investors_user ON investors (user_id);
CREATE INDEX investments_investor ON investments (investor_id);
CREATE INDEX investments_offering ON investments (offering_id, amount_cents);
CREATE INDEX investments_status ON investments (status);
CREATE INDEX investments_amount ON investments (amount_cents, status, offering_id);
CREATE INDEX investments_created_at ON investments (created_at, status, offering_id, investor_id);
CREATE INDEX investments_updated_at ON investments (updated_at, status);
CREATE INDEX investment_history_investment ON investment_history (investment_id);
CREATE INDEX kyb_documents_entity ON kyb_documents (entity_id);
CREATE INDEX verification_entities_entity ON verification_entities (entity_id);
CREATE INDEX signatures_investment ON signatures (investment_id);
CREATE INDEX vi_requests_user ON vi_requests (user_id);
CREATE INDEX vi_requests_status ON vi_requests (status, changed_at);
CREATE INDEX webhook_deliveries_queue ON webhook_deliveries (state, receiver, position);
CREATE INDEX webhook_deliveries_position ON webhook_deliveries (position);
CREATE INDEX webhook_deliveries_reordered ON webhook_deliveries (receiver)
    WHERE state = 'held' AND effect = 'reordered';
CREATE INDEX webhook_attempts_delivery ON webhook_attempts (delivery_id);
